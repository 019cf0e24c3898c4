//go:build proxies

package proxytest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"os/user"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// nginx returns the command of an nginx that speaks HTTP/2 to clients. After five requests
// it sends GOAWAY and closes the connection.
func nginx(t *testing.T, backend string) command {
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return func(folder, address, certificate string) *exec.Cmd {
		config := write(t, folder, "nginx.conf", fmt.Sprintf(`
daemon off;
user %[5]s;
pid %[1]s/nginx.pid;
error_log stderr warn;
events { worker_connections 512; }
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	keepalive_requests 5;
	server {
		listen %[2]s ssl http2;
		ssl_certificate %[3]s;
		ssl_certificate_key %[3]s;
		location / { proxy_pass http://%[4]s; }
	}
}
`, folder, address, certificate, backend, me.Username))
		cmd := exec.CommandContext(t.Context(), "nginx", "-p", folder, "-c", config)
		cmd.Env = append(cmd.Environ(), "NGINX=3;") // the socket that it inherits
		return cmd
	}
}

// What a server proves not to have processed, by a GOAWAY, costs a call nothing: no POST
// fails, and each is executed once.
func TestNginxClosesConnectionsAfterFiveRequests(t *testing.T) {
	var ledger retrywisetest.Ledger
	backend := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			ledger.Record(r.URL.Path, nil)
		}
	}))
	defer backend.Close()
	p := start(t, nginx(t, backend.Listener.Addr().String()))
	ends := post(t, p.newClient(t, policy.Retry{}), 800, 8)
	causes := map[string]int{}
	for _, e := range ends {
		if e.err != nil {
			causes[fmt.Sprint(errors.Unwrap(e.err))]++
		} else if e.protocol != "HTTP/2.0" {
			t.Errorf("%s: answered over %s", e.path, e.protocol)
		}
	}
	if diff := cmp.Diff(map[string]int{}, causes); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
	if n := len(ledger.Keys()); n != len(ends) || ledger.Duplicates() > 0 {
		t.Errorf("%d POSTs were executed, %d of them again; want %d, 0", n, ledger.Duplicates(), len(ends))
	}
}
