    if new.{{column}} is not null and {{schema}}.{{detect}}(new.{{column}}::pg_catalog.jsonb) then
      listed_key := ({{schema}}.{{list}}(new.{{column}}::pg_catalog.jsonb))[1];
      -- a sequence goes on counting where the refused insert is rolled back
      case listed_key
        {{counters}}
      end case;
      raise exception using
        errcode = '23514',
        message = {{before_key}} || listed_key || {{after_key}},
        schema = tg_table_schema, table = tg_table_name,
        column = {{column_text}}, constraint = tg_name;
    end if;
