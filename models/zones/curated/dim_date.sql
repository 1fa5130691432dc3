with days as (
    select cast(day as date) as date_day
    from unnest(sequence(date '{{ var("first_day") }}', date '{{ var("last_day") }}', interval '1' day)) as t (day)
)

select
    {{ date_key('date_day') }} as date_key,
    date_day,
    cast(year(date_day) as integer) as year,
    cast(quarter(date_day) as integer) as quarter,
    cast(month(date_day) as integer) as month,
    date_format(date_day, '%M') as month_name,
    cast(date_trunc('month', date_day) as date) as month_start,
    cast(day(date_day) as integer) as day_of_month,
    cast(day_of_week(date_day) as integer) as day_of_week,
    date_format(date_day, '%W') as day_name,
    cast(year_of_week(date_day) as integer) as iso_year,
    cast(week(date_day) as integer) as iso_week,
    day_of_week(date_day) >= 6 as is_weekend
from days
