
declare
  plain constant pg_catalog.text[] := {{plain_array}};
  names constant pg_catalog.text[] := {{name_array}};
begin
  return array(
    select names[listed.place]
    from (
      select distinct pg_catalog.array_position(plain, pg_catalog.lower(
        case
          -- nearly every key, and without a regular expression
          when pg_catalog.octet_length(token.string[1]) = pg_catalog.length(token.string[1])
            and pg_catalog.strpos(token.string[1], '\') = 0
            then pg_catalog.translate(token.string[1], {{separators}}, '')
          else pg_catalog.regexp_replace(
            -- small letters of these two are written with plain ones
            pg_catalog.replace(pg_catalog.replace(
              pg_catalog.normalize(
                -- first, for what looks like a backslash becomes one
                pg_catalog.regexp_replace(token.string[1], {{escape}}, '', 'g'), 'NFKD'
              ), 'ß', 'ss'), 'ẞ', 'ss'),
            {{dropped}}, '', 'g')
        end collate pg_catalog."C"
      ))
      from pg_catalog.regexp_matches(payload::pg_catalog.text, {{token}}, 'g') as token (string)
      -- only a key ends in more than its quote
      where pg_catalog.right(token.string[1], 1) = ' '
    ) as listed (place)
    where listed.place is not null
    order by listed.place
  );
end
