with source as (

    select * from {{ source('raw', 'raw_orders') }}

),

renamed as (

    select
        order_id,
        customer_id,
        amount,
        status as order_status,
        ordered_at
    from source

)

select * from renamed
