package client_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
)

// A URL of another scheme goes to the protocol that is registered with the transport, without
// the credential.
func TestProtocolThatIsRegistered(t *testing.T) {
	name := filepath.Join(t.TempDir(), "rows.csv")
	if err := os.WriteFile(name, []byte("id\n7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var credential string
	files := http.NewFileTransport(http.Dir("/"))
	transport := client.NewTransport()
	transport.RegisterProtocol("file", wire(func(req *http.Request) (*http.Response, error) {
		credential = req.Header.Get("Authorization")
		return files.RoundTrip(req)
	}))
	c := newClientOf(t, client.Config{BaseURL: "https://vendor.test", Transport: transport, Auth: client.Bearer("token")})
	for door, do := range map[string]func(*http.Request) (*http.Response, error){"Send": c.Send, "HTTP": c.HTTP().Do} {
		resp, err := do(newRequest(t, http.MethodGet, "file://"+name, ""))
		if err != nil {
			t.Fatalf("%s: %v", door, err)
		}
		text, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if string(text) != "id\n7\n" || err != nil || credential != "" {
			t.Errorf("%s: got %q, error %v, credential %q; want the file, without a credential", door, text, err, credential)
		}
	}
	_, err := sendRequest(t, c.Send, newRequest(t, http.MethodGet, "gopher:///x", ""))
	if e := failure(t, err); e.Class != apierrors.MalformedRequest || e.Summary != "the transport has no protocol for the URL's scheme" || len(e.Attempts) != 1 {
		t.Errorf("a scheme that is not registered: %v, %d attempts; want malformed_request with the cause, 1", err, len(e.Attempts))
	}
}
