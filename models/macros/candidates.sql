{#
  Each build makes its tables under names of their own; models/publication publishes those that pass their tests
  (docs/decisions/207-models-are-published-after-their-tests.md).
#}

{# Table that this build makes for a model. `models/publication/results.py` makes the same name. #}
{% macro candidate_of(relation, s3_path_table_part=none) -%}
    {{ return(relation.incorporate(
        path={'identifier': relation.identifier ~ '__' ~ invocation_id[:8]},
        s3_path_table_part=s3_path_table_part or relation.identifier
    )) }}
{%- endmacro %}

{# Replaces dbt's `ref`: a model that this build makes is read as this build has made it, all others as published. #}
{% macro ref() -%}
    {% set version = kwargs.get('version') or kwargs.get('v') %}
    {% if varargs | length == 1 %}
        {% set relation = builtins.ref(varargs[0], version=version) %}
    {% else %}
        {% set relation = builtins.ref(varargs[0], varargs[1], version=version) %}
    {% endif %}
    {% if execute and flags.WHICH in ('build', 'run') %}
        {% for key in selected_resources if key.startswith('model.') %}
            {% set node = graph.nodes[key] %}
            {% if node.alias == relation.identifier and node.schema == relation.schema %}
                {{ return(candidate_of(relation)) }}
            {% endif %}
        {% endfor %}
    {% endif %}
    {{ return(relation) }}
{%- endmacro %}

{#
  Folder of a candidate below dbt's folder for data: inside the folder of the published table, because Lake Formation
  hands out credentials for the location of a table, and the files of the candidate become files of that table.
#}
{% macro candidate_folder(relation) -%}
    {% set location = adapter.get_glue_table_location(relation) %}
    {% set root = (config.get('s3_data_dir') or target.s3_data_dir).rstrip('/') ~ '/' %}
    {% if location is none %}
        {{ return(relation.identifier) }}
    {% elif not location.startswith(root) %}
        {% do exceptions.raise_compiler_error(
            relation ~ ' is in ' ~ location ~ ', and its files stay in that folder: set s3_data_dir to a folder above '
            ~ 'it instead of ' ~ root ~ ', or give the model another name'
        ) %}
    {% endif %}
    {{ return(location[root | length:].rstrip('/')) }}
{%- endmacro %}
