
declare
  run pg_catalog.int8;
  more pg_catalog.bool;
begin
  run := {{schema}}.{{open}}();
  commit;
  loop
    more := {{schema}}.{{step}}(run, batch_size);
    -- each batch by itself: no lock and no snapshot outlives it
    commit;
    exit when more is not true;
  end loop;
  if more is null then
    raise exception 'The audit scan % broke off; {{runs}} holds the code of its error. Action: mend it and call again, the scan goes on where it stood.', run;
  end if;
end
