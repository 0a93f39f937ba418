
declare
  run pg_catalog.int8;
begin
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext({{runs_text}}));
  -- one that broke off goes on where it stood
  select id into run from {{schema}}.{{runs}}
    where mode = 'batched' and outcome <> 'ok' order by id desc limit 1;
  if run is null then
    insert into {{schema}}.{{runs}} (mode) values ('batched') returning id into run;
    delete from {{schema}}.{{progress}};
    insert into {{schema}}.{{progress}} (run_id, table_name, column_name)
      values {{surface_rows}};
  else
    update {{schema}}.{{runs}} set outcome = 'running', error_code = null where id = run;
  end if;
  return run;
end
