#!/usr/bin/env bash
# build-tree.sh FOLDER: makes the files of the image's last stage in a folder, by the Dockerfile's own steps, and starts
# the server from them as a container would: as user 10001, without capabilities, with nothing writable but its data
# and a folder for temporary files. For machines without Docker. Needs Linux and root.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder="$(realpath -m "${1:?name the folder that the tree is to be put into}")"

# What a line of the Dockerfile says, without the instruction; of several stages the last.
instruction() {
  sed -n "s/^$1 //p" Dockerfile | tail -n 1
}

build="$(sed -n 's|^RUN \(node tools/build.ts .*\)/tree$|\1|p' Dockerfile)"
# Nobody in particular must get there.
umask 022
mkdir -p "$folder"
chmod a+rx "$folder"
mkdir -p "$folder"/{opt,data,tmp,usr/local/bin,etc/llm-platform}
bash -c "$build"'"$0"' "$folder/opt/llm-platform"
install "$(node -p process.execPath)" "$folder/usr/local/bin/node"

user="$(instruction USER)"
chown "$user" "$folder/data" "$folder/tmp"
mapfile -t command < <(node -p 'JSON.parse(process.argv[1]).join("\n")' "$(instruction ENTRYPOINT)")
command[0]="$folder/usr/local/bin/${command[0]}"
read -ra environment <<< "$(instruction ENV | sed "s|/var/lib/llm-platform|$folder/data|g")"
# Settings of the caller's come last and win, as those of `docker run --env` do.
mapfile -t -O "${#environment[@]}" environment < <(env | grep ^LLM_PLATFORM_ || true)
export folder user
# What is in quotes is for the inner shell.
# shellcheck disable=SC2016
exec unshare --mount --propagation private bash -euc '
  for writable in data tmp; do mount --bind "$folder/$writable" "$folder/$writable"; done
  mount --bind "$folder/opt" "$folder/opt"
  mount -o remount,bind,ro "$folder/opt"
  mount -o remount,bind,ro /
  cd "$folder/etc/llm-platform"
  exec setpriv --reuid "${user%:*}" --regid "${user#*:}" --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs \
    env -i PATH="$folder/usr/local/bin:/usr/bin:/bin" TMPDIR="$folder/tmp" "$@"
' bash "${environment[@]}" "${command[@]/#\/opt\//$folder/opt/}"
