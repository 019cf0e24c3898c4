package testserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/retrywise/retrywise/retrywisetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	kind    = "application/json"
	page429 = "<html>\r\n<head><title>429 Too Many Requests</title></head>\r\n<body>\r\n<center><h1>429 Too Many Requests</h1></center>\r\n</body>\r\n</html>\r\n"
	page502 = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
	page503 = "<html>\r\n<head><title>503 Service Unavailable</title></head>\r\n<body>\r\n<center><h1>503 Service Unavailable</h1></center>\r\n</body>\r\n</html>\r\n"
	page504 = "<html>\r\n<head><title>504 Gateway Timeout</title></head>\r\n<body>\r\n<center><h1>504 Gateway Timeout</h1></center>\r\n</body>\r\n</html>\r\n"
)

// got is what a client sees of a response.
type got struct {
	Status int
	Kind   string // Content-Type
	Body   string
}

// A caller sends requests to a fake.
type caller struct {
	t      *testing.T
	srv    *retrywisetest.Server
	header func() []string // of send, keys and values in turn
}

// open sends a request; header is keys and values in turn.
func (c caller) open(ctx context.Context, method, path, body string, header ...string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.srv.URL()+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return (&http.Client{Transport: c.srv.Transport()}).Do(req)
}

// do sends a request and reads its response. If the error is not nil, the response is
// the part that arrived.
func (c caller) do(ctx context.Context, method, path, body string, header ...string) (got, error) {
	resp, err := c.open(ctx, method, path, body, header...)
	if err != nil {
		return got{}, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return got{resp.StatusCode, resp.Header.Get("Content-Type"), string(data)}, err
}

// mustDo is do for a response that must be complete.
func (c caller) mustDo(method, path, body string, header ...string) got {
	c.t.Helper()
	g, err := c.do(c.t.Context(), method, path, body, header...)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return g
}

// send is do with the header of the caller.
func (c caller) send(method, path, body string) (got, error) {
	return c.do(c.t.Context(), method, path, body, c.header()...)
}

// mustSend is send for a response that must be complete.
func (c caller) mustSend(method, path, body string) got {
	c.t.Helper()
	return c.mustDo(method, path, body, c.header()...)
}

// compact removes white space from a JSON text.
func compact(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(text)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
