package main

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
)

func TestBomb(t *testing.T) {
	w := httptest.NewRecorder()
	newBomb(hostile{calls: 1, members: 3}).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if sent := w.Body.Len(); w.Code != http.StatusBadRequest || sent > 3<<11 {
		t.Errorf("status %d, %d bytes; want 400 and a few KiB", w.Code, sent)
	}
	z, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, z); n != 3<<20 || err != nil {
		t.Errorf("%d bytes when decompressed, error %v; want 3 MiB", n, err)
	}
}

// A response begins when all calls are there; a client that gives up before gets none.
func TestBombWaitsForAllCalls(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	newBomb(hostile{calls: 2, members: 1}).ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
	if w.Body.Len() != 0 {
		t.Errorf("%d bytes were sent to the first of two calls; want none", w.Body.Len())
	}
}

func TestHostileRowCounts(t *testing.T) {
	var got hostileRow
	got.count([]error{nil, errRefused, &apierrors.Error{Status: 400}, errors.Join(&apierrors.Error{Status: 400}), &apierrors.Error{}})
	if diff := cmp.Diff(hostileRow{FailedCalls: 4, Typed: 2}, got, unexported); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

// What is kept counts, and more than the bound is told.
func TestWatchHeap(t *testing.T) {
	var told atomic.Bool
	toldOf := make(chan struct{})
	peak := watchHeap(t.Context(), 8<<20, func() {
		if !told.Swap(true) {
			close(toldOf)
		}
	})
	kept := make([]byte, 16<<20)
	<-toldOf
	if got := peak(); got < 8<<20 || len(kept) == 0 {
		t.Errorf("the heap grew by %d bytes; want more than 8 MiB", got)
	}
}

func TestWhileOpenEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	body := whileOpen{ctx, endless{}}
	if n, err := body.Read(make([]byte, 8)); n != 8 || err != nil {
		t.Errorf("read %d bytes, error %v; want 8", n, err)
	}
	cancel()
	if _, err := io.ReadAll(body); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v; want that of the context", err)
	}
}

// endless is a reader without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
