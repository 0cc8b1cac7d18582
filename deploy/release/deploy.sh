#!/usr/bin/env bash
# deploy.sh RELEASE NAMESPACE VALUES URL: brings the chart of this checkout to a cluster, verifies the deployment from
# outside, and takes it back to the revision before when that finds a fault. Wants IMAGE_REPOSITORY, IMAGE_DIGEST, and
# LLM_PLATFORM_API_KEY for `llmp smoke`. The exit code is 0 for a deployment that is well, 1 for one that was taken back.
set -euo pipefail
cd "$(dirname "$0")/../.."
release="${1:?name the release}" namespace="${2:?name the namespace}" values="${3:?name the file of values}" url="${4:?name the address}"
: "${IMAGE_REPOSITORY:?name the image}" "${IMAGE_DIGEST:?name its digest}" "${LLM_PLATFORM_API_KEY:?name a key for the check}"

before="$(helm history "$release" --namespace "$namespace" --max 1 --output json 2>/dev/null | node -p 'JSON.parse(require("node:fs").readFileSync(0, "utf8") || "[]").at(-1)?.revision ?? ""' || true)"

take_back() {
  echo "deploy: $1" >&2
  if [ -n "$before" ]; then
    helm rollback "$release" "$before" --namespace "$namespace" --wait --timeout 20m
    echo "deploy: revision $before is back" >&2
  else
    echo "deploy: there is no revision before it; it stays as it is" >&2
  fi
  exit 1
}

helm upgrade --install "$release" helm-chart --namespace "$namespace" --create-namespace --values "$values" \
  --set "image.repository=$IMAGE_REPOSITORY,image.digest=$IMAGE_DIGEST" --wait --timeout 20m \
  || take_back "the upgrade did not end well"
node packages/client/bin/llmp.js smoke --url "$url" || take_back "the deployment has a fault"
