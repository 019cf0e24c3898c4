package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// hostile is a scenario: calls all at once to a vendor whose responses are 400s with a small
// body that is large when it is decompressed. A call reads the whole body if its client lets it.
type hostile struct {
	calls   int
	members int // of the body; each is 1 MiB when it is decompressed, and about 1 KiB before
}

// readLimit is how much a Client reads of an error's body.
const readLimit = 64 << 10

func (h hostile) scenario() scenario {
	about := fmt.Sprintf("%d GETs at once: each response is a 400 with 1 MiB of gzip, which is %d MiB", h.calls, h.members)
	return scenario{name: "hostile", about: about, measure: h.measure}
}

// heapBound is how large the heap may become: for each call what is kept of its body, 64 KiB
// for what else it needs, and twice that, as garbage is collected when the heap has doubled.
func (h hostile) heapBound() int { return 2 * h.calls * (readLimit + 64<<10) }

// measure makes the calls with one peer: a few at first, with a sixteenth of the bound. If these
// exceed it, as they do if the client reads all of each body, the row is about them: all calls
// would take the memory of the machine before they could be cut off.
func (h hostile) measure(ctx context.Context, p peer) (row, error) {
	few := h
	few.calls = min(few.calls, 8)
	r, err := few.run(ctx, p, h.heapBound()/16)
	if err != nil || r.CutOff {
		return r, err
	}
	return h.run(ctx, p, h.heapBound())
}

// run makes the calls, and cuts them off when the heap has grown by more than bound.
func (h hostile) run(ctx context.Context, p peer, bound int) (*hostileRow, error) {
	goroutines := runtime.NumGoroutine()
	s, err := p.serve(newBomb(h), h.calls, setup{})
	if err != nil {
		return nil, err
	}
	short, stop := withinLongest(ctx)
	defer stop()
	peak := watchHeap(short, bound, stop)
	start, ends := time.Now(), make([]error, h.calls)
	each(short, h.calls, h.calls, func(i int) {
		if err := s.send(short, request{}); short.Err() == nil {
			ends[i] = err
		}
	})
	r := &hostileRow{title: title{"hostile", p.name}, Calls: h.calls, HeapBound: bound, Seconds: time.Since(start).Seconds()}
	r.CutOff = short.Err() != nil
	r.count(ends)
	r.PeakHeap = peak()
	s.close()
	r.GoroutinesLeft = left(goroutines)
	return r, context.Cause(ctx)
}

// left returns how many more goroutines there are than before, when those that are ending have
// ended.
func left(before int) int {
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return 0
		}
		time.Sleep(20 * time.Millisecond)
	}
	return runtime.NumGoroutine() - before
}

// A bomb is the vendor. Its responses begin when all calls are there.
type bomb struct {
	body    []byte
	missing atomic.Int64
	all     chan struct{}
}

func newBomb(h hostile) *bomb {
	var member bytes.Buffer
	z := gzip.NewWriter(&member)
	_, _ = z.Write(make([]byte, 1<<20))
	_ = z.Close()
	b := &bomb{body: bytes.Repeat(member.Bytes(), h.members), all: make(chan struct{})} // RFC 1952 section 2.2: members follow one another
	b.missing.Store(int64(h.calls))
	return b
}

func (b *bomb) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if b.missing.Add(-1) == 0 {
		close(b.all)
	}
	select {
	case <-b.all:
	case <-r.Context().Done():
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	w.WriteHeader(http.StatusBadRequest)
	_, _ = w.Write(b.body) // fails if the client has read enough
}

// isTyped says whether err says what is wrong: an error of the vendor, as retrywise's Error.
func isTyped(err error) bool {
	e, ok := errors.AsType[*apierrors.Error](err)
	return ok && e.Status == http.StatusBadRequest
}
