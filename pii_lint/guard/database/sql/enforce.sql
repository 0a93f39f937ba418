
declare
  listed_key pg_catalog.text;
begin
  -- tg_argv, for in a partition tg_table_name is the partition's
  {{branches}}
  raise exception using
    errcode = '55000',
    message = 'This trigger names no surface that its function knows. Action: run pii-lint guard apply.';
end
