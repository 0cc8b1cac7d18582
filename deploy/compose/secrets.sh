#!/usr/bin/env bash
# Makes the secrets of docker-compose.local.yml in .secrets, those that are not there yet. Put the address of your
# Slack webhook and the password of your mail account into the two that are placeholders.
set -euo pipefail
cd "$(dirname "$0")/../.."
umask 077
mkdir -p .secrets
make() {
  [ -e ".secrets/$1" ] || printf '%s' "$2" > ".secrets/$1"
}
random() {
  head -c "$1" /dev/urandom | od -An -v -tx1 | tr -d ' \n'
}
make master_key "$(random 32)"
make admin_key "llmp_$(random 20)"
make metrics_key "llmp_$(random 20)"
make postgres_password "$(random 20)"
make redis_password "$(random 20)"
make grafana_password "$(random 10)"
make database_url "postgres://platform:$(cat .secrets/postgres_password)@postgres:5432/platform"
make redis_url "redis://default:$(cat .secrets/redis_password)@redis:6379"
make slack_webhook https://hooks.slack.example/none
make smtp_password none
# Containers read them as users of their own; the folder is closed to others.
chmod 644 .secrets/*
