{#
    Which data protection law a person's country puts them under: `eu_eea`, `uk` or `other`; null where
    the country is unknown. Takes ISO 3166 codes of two letters.
#}
{% macro data_protection_area(country) -%}
    {%- set eu_eea = [
        'AT', 'BE', 'BG', 'CY', 'CZ', 'DE', 'DK', 'EE', 'ES', 'FI', 'FR', 'GR', 'HR', 'HU', 'IE', 'IS', 'IT',
        'LI', 'LT', 'LU', 'LV', 'MT', 'NL', 'NO', 'PL', 'PT', 'RO', 'SE', 'SI', 'SK',
    ] -%}
    case
        when {{ country }} in ('{{ eu_eea | join("', '") }}') then 'eu_eea'
        when {{ country }} = 'GB' then 'uk'
        when {{ country }} is not null then 'other'
    end
{%- endmacro %}
