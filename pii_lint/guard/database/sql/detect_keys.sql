
declare
  written constant pg_catalog.text := payload::pg_catalog.text;
begin
  return coalesce(
    written ~ {{plain_keys}}
    or (
      written ~ {{odd_key}}
      and pg_catalog.cardinality({{schema}}.{{list}}(payload)) > 0
    ), false);
end
