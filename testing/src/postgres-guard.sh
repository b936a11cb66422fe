# Runs one throw-away PostgreSQL for as long as its standard input stays open. A line "stop" or
# "start" on it does that to the server, and is answered by "done" or "failed".
# The parent holds the other end of the pipe: however it ends, kill -9 included, the server stops
# and its directory goes. Arguments: directory, server binaries, port. Says "ready" or "failed".
dir=$1 bin=$2 port=$3
# Nobody may be listening to "ready" any more; that must not stop the cleaning up.
trap '' PIPE
mkdir -m 0700 "$dir" && cd "$dir" || exit 1
# initdb refuses root.
if [ "$(id -u)" = 0 ]; then
    chown postgres "$dir"
    run() { runuser -u postgres -- "$@" </dev/null >>"$dir/log" 2>&1; }
else
    run() { "$@" </dev/null >>"$dir/log" 2>&1; }
fi
cleanup() {
    run "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop
    cd / && rm -rf "$dir"
}
trap 'cleanup; exit 1' INT TERM HUP
: >"$dir/log" && chmod 0666 "$dir/log"
settings="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories="
settings="$settings -c fsync=off -c full_page_writes=off -c synchronous_commit=off"
settings="$settings -c max_connections=400 -c shared_buffers=64MB -c autovacuum=off"
start() { run "$bin/pg_ctl" -D "$dir/data" -l "$dir/server.log" -o "$settings" -w -t 60 start; }
stop() { run "$bin/pg_ctl" -D "$dir/data" -m fast -w stop; }
if run "$bin/initdb" -D "$dir/data" -U postgres --auth=trust --encoding=UTF8 --no-locale --no-sync &&
    start; then
    echo ready
    while read -r order; do
        case $order in
        start | stop) if "$order"; then echo done; else echo failed; fi ;;
        esac
    done
else
    echo failed
    tail -n 5 "$dir/log" "$dir/server.log" 2>/dev/null
fi
cleanup
