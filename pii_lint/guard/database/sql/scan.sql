
declare
  run pg_catalog.int8;
  hits pg_catalog.int8;
  fresh pg_catalog.int8;
  rows_seen pg_catalog.int8;
  total pg_catalog.int8 := 0;
  filed_now pg_catalog.int8 := 0;
  looked_at pg_catalog.int8 := 0;
begin
  insert into {{schema}}.{{runs}} (mode) values ('full') returning id into run;
  {{surfaces}}
  update {{schema}}.{{runs}}
    set outcome = 'ok', finished_at = pg_catalog.clock_timestamp(),
      findings = total, new_findings = filed_now, rows_scanned = looked_at
    where id = run;
  return total;
end
