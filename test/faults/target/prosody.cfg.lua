-- Prosody for a fault campaign. Its garbage collector is the generational one,
-- without which it is several times slower.
run_as_root = true
daemonize = false
pidfile = "{{.Dir}}/prosody.pid"
data_path = "{{.Dir}}/data"
log = { info = "*console" }
gc = { mode = "generational" }

interfaces = { "127.0.0.1" }
c2s_ports = { {{.C2S}} }
c2s_direct_tls_ports = {}
s2s_ports = {}
http_ports = { {{.HTTP}} }
https_ports = {}
consider_websocket_secure = true
http_host = "127.0.0.1"

modules_enabled = { "roster", "saslauth", "disco", "register", "offline",{{if .Management}} "smacks",{{end}}{{if .Archive}} "mam",{{end}} "websocket", "ping", "posix" }
modules_disabled = { "s2s" }
allow_registration = true
c2s_require_encryption = false
authentication = "internal_hashed"
default_iteration_count = 4096

smacks_hibernation_time = 600
default_archive_policy = true
archive_expires_after = "never"
max_archive_query_results = 100
dont_archive_namespaces = {}

{{with .SQL}}
storage = "sql"
sql = { driver = "PostgreSQL", database = "{{.Name}}", username = "{{.User}}", password = "", host = "{{.Host}}", port = {{.Port}} }
{{else}}
storage = "internal"
{{end}}

VirtualHost "{{.Domain}}"
