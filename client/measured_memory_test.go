package client_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"runtime"
	"testing"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/retrywisetest"
)

// An error of 261 kB of gzip is 256 MiB. Measured of io.ReadAll: 570 MiB of heap.
func TestMeasuredGzipBomb(t *testing.T) {
	var member, bomb bytes.Buffer
	z := gzip.NewWriter(&member)
	_, _ = z.Write(make([]byte, 1<<20))
	_ = z.Close()
	for range 256 { // members follow one another: RFC 1952 section 2.2
		_, _ = bomb.Write(member.Bytes())
	}
	for name, asks := range map[string]string{"decoded by net/http": "", "asked for by the caller": "gzip"} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, retrywisetest.JSON(500, bomb.String(), "Content-Encoding", "gzip"))
				c := newClient(t, srv, client.Config{})
				req := newRequestOf(t, http.MethodPost, "/items", http.NoBody)
				if asks != "" {
					req.Header.Set("Accept-Encoding", asks)
				}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				_, err := sendRequest(t, c.Send, req)
				runtime.ReadMemStats(&after)
				allocated := after.TotalAlloc - before.TotalAlloc
				t.Logf("%d bytes of gzip: %d KiB allocated", bomb.Len(), allocated>>10)
				if e := failure(t, err); len(e.Body) > 64<<10 || allocated > 4<<20 {
					t.Errorf("Body has %d bytes, %d were allocated; want at most 64 KiB, 4 MiB", len(e.Body), allocated)
				}
			})
		})
	}
}

// zeros is a reader without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

type (
	onlyReader struct{ io.Reader }
	onlyWriter struct{ io.Writer }
)

// A response of 5 GiB is a stream, which takes no more memory than a small one.
func TestMeasuredLargeResponse(t *testing.T) {
	const size = 5 << 30
	export := wire(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, ContentLength: -1, Body: io.NopCloser(io.LimitReader(zeros{}, size))}, nil
	})
	c := onWire(t, export, client.Config{})
	for name, send := range doors {
		t.Run(name, func(t *testing.T) {
			req := newRequest(t, http.MethodGet, "http://vendor.test/export", "")
			resp, err := send(c, req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			n, err := io.CopyBuffer(onlyWriter{io.Discard}, onlyReader{resp.Body}, make([]byte, 1<<20))
			runtime.ReadMemStats(&after)
			allocated := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d bytes read, %d KiB allocated", n, allocated>>10)
			if n != size || err != nil || allocated > 2<<20 {
				t.Errorf("read %d bytes, error %v, %d bytes allocated; want %d, at most 2 MiB", n, err, allocated, size)
			}
		})
	}
}

// A response that is read to its end, or has no body, holds no memory if it is not closed,
// however long the context of its job lives.
func TestMeasuredResponsesThatAreNotClosed(t *testing.T) {
	const calls = 20_000
	for name, answer := range map[string]func() *http.Response{
		"200 read to its end": func() *http.Response {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader([]byte("x")))}
		},
		"204": func() *http.Response {
			return &http.Response{StatusCode: 204, Header: http.Header{}, Body: http.NoBody}
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			transport := wire(func(*http.Request) (*http.Response, error) { return answer(), nil })
			held := func(hc *http.Client) int64 {
				req := newRequest(t, http.MethodGet, "http://vendor.test/items", "").WithContext(ctx)
				var before, after runtime.MemStats
				collect(&before)
				for range calls {
					resp, err := hc.Do(req) //nolint:bodyclose // this is the point
					if err != nil {
						t.Fatal(err)
					}
					_, _ = io.Copy(io.Discard, resp.Body)
				}
				collect(&after)
				return (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / calls
			}
			c := onWire(t, transport, client.Config{})
			ours, theirs := held(c.HTTP()), held(&http.Client{Transport: transport})
			t.Logf("held for each response: retrywise %d bytes, net/http %d", ours, theirs)
			if ours > 64 { // other tests leave garbage
				t.Errorf("each response holds %d bytes; want none", ours)
			}
		})
	}
}

// collect reads the statistics after the garbage, and what pools keep, is gone.
func collect(stats *runtime.MemStats) {
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(stats)
}
