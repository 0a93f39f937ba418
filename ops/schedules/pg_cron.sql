-- Where pg_cron runs in the database itself, instead of the timers; as the owner of the guards.
-- The batched scan commits by itself, so it is called as a procedure.
select cron.schedule('pii-audit', '20 3 * * *', 'call public.pr_scan_pii_contamination(10000)');
