
declare
  spot {{schema}}.{{progress}};
  last_seen pg_catalog.uuid;
  rows_seen pg_catalog.int8;
  hits pg_catalog.int8;
  fresh pg_catalog.int8;
begin
  if batch_size is null or batch_size < 1 then
    raise exception 'A batch holds at least one row.' using errcode = '22023';
  end if;
  -- the run's row is the lock: two callers share one run, a batch each
  perform 1 from {{schema}}.{{runs}} where id = run and outcome = 'running' for update;
  if not found then
    return false;
  end if;
  begin
    select * into spot from {{schema}}.{{progress}}
      where run_id = run and not done order by table_name, column_name limit 1;
    if not found then
      update {{schema}}.{{runs}} as r
        set outcome = 'ok', finished_at = pg_catalog.clock_timestamp(),
          findings = sums.findings, new_findings = sums.new_findings,
          rows_scanned = sums.rows_scanned
        from (
          select coalesce(pg_catalog.sum(findings), 0) as findings,
            coalesce(pg_catalog.sum(new_findings), 0) as new_findings,
            coalesce(pg_catalog.sum(rows_scanned), 0) as rows_scanned
          from {{schema}}.{{progress}} where run_id = run
        ) as sums
        where r.id = run;
      return false;
    end if;
    {{surfaces}}
    update {{schema}}.{{progress}} as p
      set last_record_id = coalesce(last_seen, p.last_record_id),
        rows_scanned = p.rows_scanned + rows_seen,
        findings = p.findings + hits, new_findings = p.new_findings + fresh,
        done = rows_seen < batch_size, updated_at = pg_catalog.clock_timestamp()
      where p.table_name = spot.table_name and p.column_name = spot.column_name;
    return true;
  exception when others then
    -- kept, for the caller commits it; the text of an error may hold a value, so its code alone
    update {{schema}}.{{runs}} set outcome = 'failed', error_code = sqlstate,
      finished_at = pg_catalog.clock_timestamp() where id = run;
    return null;
  end;
end
