#!/usr/bin/env bash
# Installs what the tests talk to, where it is missing: a Postgres server, a
# browser, XMPP clients and a TLS client that others wrote, and systemd's judge
# of units. Debian and its children only; on other systems it says what is needed.
set -euo pipefail

declare -A package=(
  [postgres]=postgresql
  [chromium-headless-shell]=chromium-headless-shell
  [profanity]=profanity
  [tmux]=tmux
  [python3]=python3
  [slixmpp]=python3-slixmpp
  [openssl]=openssl
  [systemd-analyze]=systemd
)

has() {
  case $1 in
    postgres) compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || command -v postgres >/dev/null ;;
    slixmpp) /usr/bin/python3 -c 'import slixmpp' 2>/dev/null ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

missing=()
for tool in "${!package[@]}"; do
  has "$tool" || missing+=("${package[$tool]}")
done
for tool in node npm; do
  command -v "$tool" >/dev/null || { echo "Install Node.js 20.19 or newer (with npm) and run this again." >&2; exit 1; }
done
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "The tests need these, by their Debian names: ${missing[*]}" >&2
  exit 1
fi
sudo=()
[ "$(id -u)" -eq 0 ] || sudo=(sudo)
echo "Installing ${missing[*]}"
"${sudo[@]}" apt-get update -qq
# No start of a system-wide Postgres: the tests run private ones.
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
