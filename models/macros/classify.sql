{# Give a model's table and columns the LF-Tags of their meta. A table that is built again is another one to Lake
   Formation and begins hidden, so this runs after each build. #}
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
