{# Give a model's table and columns the LF-Tags of their meta. This runs after each build, because a rebuilt table is
   a new table to Lake Formation and therefore hidden. #}
{% macro classify() %}
    {% if execute %}
        {% set own = model.config.meta.classification %}
        {% set columns = {} %}
        {% for column in model.columns.values() %}
            {% do columns.setdefault(column.config.meta.get('classification', own), []).append(column.name) %}
        {% endfor %}
        {% do adapter.add_lf_tags(this, {
            'enabled': true,
            'tags': {'domain': model.config.meta.domain},
            'tags_columns': {'classification': columns},
            'inherited_tags': ['zone', 'classification', 'rows'],
        }) %}
    {% endif %}
{% endmacro %}
