package client_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/client"
)

// stub answers at once, so that what is measured is the way there and back.
type stub struct{}

func (stub) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: req}, nil
}

// BenchmarkHealthyCall compares a call that meets no failure with bare net/http.
func BenchmarkHealthyCall(b *testing.B) {
	bare := &http.Client{Transport: stub{}}
	c, err := client.New(client.Config{BaseURL: "http://vendor.test", Transport: stub{}})
	if err != nil {
		b.Fatal(err)
	}
	for name, do := range map[string]func(*http.Request) (*http.Response, error){"net-http": bare.Do, "retrywise": c.Send} {
		b.Run(name, func(b *testing.B) {
			req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "http://vendor.test/items/7", nil)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				resp, err := do(req)
				if err != nil {
					b.Fatal(err)
				}
				_ = resp.Body.Close()
			}
		})
	}
}
