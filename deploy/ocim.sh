#!/bin/sh
# Run a command of Ocim by hand, as root, with the settings and the user of its services: ocim doctor
set -ae
. /etc/ocim/ocim.env
HOME=/var/lib/ocim
exec setpriv --reuid=ocim --regid=ocim --init-groups /opt/ocim/current/bin/ocim "$@"
