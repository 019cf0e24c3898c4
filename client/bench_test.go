package client_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/retrywise/retrywise/client"
)

// inMemory responds at once, so that only the client is measured.
func inMemory(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: req}, nil
}

// aHealthyGET returns a function that sends one GET by do and reads the response.
func aHealthyGET(tb testing.TB, do func(*http.Request) (*http.Response, error)) func() {
	tb.Helper()
	ctx := tb.Context()
	return func() {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://vendor.test/items/7", nil)
		if err != nil {
			tb.Fatal(err)
		}
		resp, err := do(req)
		if err != nil {
			tb.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
}

// healthyDoors returns the ways to make a call that does not fail, and those of others.
func healthyDoors(tb testing.TB) map[string]func(*http.Request) (*http.Response, error) {
	tb.Helper()
	c, err := client.New(client.Config{BaseURL: "http://vendor.test", Transport: wire(inMemory)})
	if err != nil {
		tb.Fatal(err)
	}
	peer := retryablehttp.NewClient()
	peer.Logger, peer.HTTPClient = nil, &http.Client{Transport: wire(inMemory)}
	return map[string]func(*http.Request) (*http.Response, error){
		"net-http":         (&http.Client{Transport: wire(inMemory)}).Do,
		"go-retryablehttp": peer.StandardClient().Do,
		"HTTP":             c.HTTP().Do,
		"Send":             c.Send,
	}
}

// BenchmarkHealthyCall compares a call that does not fail with bare net/http.
func BenchmarkHealthyCall(b *testing.B) {
	for name, do := range healthyDoors(b) { //nolint:bodyclose // aHealthyGET closes them
		b.Run(name, func(b *testing.B) {
			call := aHealthyGET(b, do)
			b.ReportAllocs()
			for b.Loop() {
				call()
			}
		})
	}
}

// The number of allocations of a call that does not fail is bounded.
func TestAllocationsOfAHealthyCall(t *testing.T) {
	doors := healthyDoors(t) //nolint:bodyclose // aHealthyGET closes them
	for name, most := range map[string]float64{"HTTP": 30, "Send": 26} {
		got := testing.AllocsPerRun(1000, aHealthyGET(t, doors[name]))
		bare := testing.AllocsPerRun(1000, aHealthyGET(t, doors["net-http"]))
		t.Logf("%s: %v allocations; net/http: %v", name, got, bare)
		if got > most {
			t.Errorf("%s: %v allocations; want at most %v", name, got, most)
		}
	}
}
