# Runs on every component of Amazon MWAA before its requirements are installed; Airflow gets the variables that it
# exports. stacks/orchestration/airflow_content.py puts lines before it that export the names of this deployment.
# Source: Amazon MWAA user guide, "Using a startup script with Amazon MWAA".
set -eu

# The environment has no internet access: packages come from this deployment's CodeArtifact, which fetches missing
# packages from PyPI. The token expires after 12 hours, but a component installs packages only when it starts.
token=$(python3 -c '
import boto3, os
packages = boto3.client("codeartifact", region_name=os.environ["LAKEHOUSE_REGION"])
answer = packages.get_authorization_token(domain=os.environ["LAKEHOUSE_PACKAGES_DOMAIN"])
print(answer["authorizationToken"])
')
export PIP_INDEX_URL="https://aws:${token}@${LAKEHOUSE_PACKAGES_HOST}/pypi/${LAKEHOUSE_PACKAGES_REPOSITORY}/simple/"

# Downloads an object of Airflow's bucket and prints the path of the file.
fetch() {
    file=$(mktemp)
    python3 -c '
import boto3, os, sys
s3 = boto3.client("s3", region_name=os.environ["LAKEHOUSE_REGION"])
s3.download_file(os.environ["LAKEHOUSE_BUCKET_DAGS"], *sys.argv[1:])
' "$1" "$file"
    echo "$file"
}

# dbt and Airflow need different versions of the same packages, so dbt has its own virtual environment. Only workers run
# dbt; on an mw1.micro the scheduler is also a worker.
dbt="${AIRFLOW_HOME:-/usr/local/airflow}/dbt"
export LAKEHOUSE_DBT_PYTHON="$dbt/bin/python"
case "${MWAA_AIRFLOW_COMPONENT:-worker}" in
worker | hybrid)
    # MWAA stops this script after five minutes, and all its exports are lost then: Airflow would have no packages and
    # no names. So the installation has its own limit, which only a cold CodeArtifact reaches; the next start of the
    # worker finds the packages there. MWAA sets PIP_USER, which pip refuses in a virtual environment.
    packages=${LAKEHOUSE_DBT_PACKAGES:-}
    if [ -n "$packages" ]; then
        python3 -m venv --without-pip "$dbt"
        folder=$("$dbt/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
        install="$dbt/bin/python -m zipfile -e $(fetch "$packages") $folder"
    else
        python3 -m venv "$dbt"
        install="$dbt/bin/pip install --quiet --no-deps --require-hashes -r $(fetch "$LAKEHOUSE_DBT_REQUIREMENTS")"
    fi
    # shellcheck disable=SC2086 - the words of a command without spaces in its paths
    if ! PIP_USER=false timeout "${LAKEHOUSE_DBT_INSTALL_SECONDS:-240}" $install; then
        echo "dbt is not installed: packages came too slowly, or not at all (above). Models are not built until the" \
            "workers start again: \`aws mwaa update-environment --name ENVIRONMENT\`" >&2
        rm -rf "$dbt"
    fi
    ;;
esac

# dbt assumes the role that can write the curated zone; Airflow's own role cannot.
export LAKEHOUSE_DBT_PROFILE=dbt
mkdir -p "$HOME/.aws"
cat >"$HOME/.aws/config" <<END
[profile dbt]
role_arn = $LAKEHOUSE_DBT_ROLE
credential_source = EcsContainer
region = $LAKEHOUSE_REGION
END
set +eu
