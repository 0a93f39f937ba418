select table_name, detected_key, case when is_called then last_value else 0 end as rejections
from (
  {{rows}}
) as counted (table_name, detected_key, last_value, is_called)
