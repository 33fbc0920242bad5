#!/usr/bin/env bash
# ansible-test sanity over the collection as it is built: documentation against options, imports without libraries, and some thirty more.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
tree=$root/.cache/sanity
copy=$tree/ansible_collections/cdc/gcp
rm -rf "$copy"
mkdir -p "$copy"
git ls-files -z --cached --others --exclude-standard -- galaxy.yml meta plugins roles playbooks README.md LICENSE tests/sanity tests/config.yml |
    xargs -0 cp --parents -t "$copy"
cd "$copy"
printf "tests/output\n" >.gitignore
git init -q .

# ansible-test fetches a pip installer from a host of its own; ensurepip does the same job with what Python has.
export HOME=$tree/home
mkdir -p "$HOME/.ansible/test/cache"
cat >"$HOME/.ansible/test/cache/get_pip_24_2.py" <<'EOF'
import os, subprocess, sys
arguments = [a for a in sys.argv[1:] if a not in ("--no-setuptools", "--no-wheel")]
environment = {k: v for k, v in os.environ.items() if k != "GET_PIP"}
subprocess.check_call([sys.executable, "-m", "ensurepip"], env=environment, stdout=subprocess.DEVNULL)
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", *arguments], env=environment))
EOF
cp "$HOME/.ansible/test/cache/get_pip_24_2.py" "$HOME/.ansible/test/cache/get_pip_25_2.py"
python=$("$root/.venv/bin/python" -c 'import os, sys; print(os.path.realpath(sys.executable))')
PATH=$root/.venv/bin:$(dirname "$python"):/usr/sbin:/usr/bin:/sbin:/bin \
    "$root/.venv/bin/ansible-test" sanity --venv --color no --python "$(basename "$python" | sed 's/^python//')" --skip-test pylint "$@"
