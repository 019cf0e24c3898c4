package client

import (
	"io"
	"net"
	"net/http"
	"testing"
)

// A script of what a transport tells of one request, and what that proves.
func TestProof(t *testing.T) {
	type step = func(*proof, *meter)
	look := func(p *proof, _ *meter) { p.seek() }
	conn := func(p *proof, m *meter) { p.have(m) }
	strange := func(p *proof, m *meter) { p.have(m.Conn) } // of a transport that is not ours
	write := func(_ *proof, m *meter) { _, _ = m.Write([]byte("x")) }
	begin := func(p *proof, _ *meter) { p.set(&p.begun) }
	answer := func(p *proof, _ *meter) { p.set(&p.answered) }
	early := func(p *proof, _ *meter) { _ = p.interimAnswer() }
	for name, tt := range map[string]struct {
		speaks    speech
		steps     []step
		neverLeft bool
		stopped   bool
	}{
		"a transport that tells nothing":                {http1, nil, false, false},
		"no connection was had":                         {http1, []step{look}, true, false},
		"nothing was written":                           {http1, []step{look, conn, begin}, true, false},
		"half the headers were written":                 {http1, []step{look, conn, write}, true, false},
		"it left":                                       {http1, []step{look, conn, begin, write}, false, false},
		"it may have left, by a strange connection":     {http1, []step{look, strange, begin}, false, false},
		"half the headers, by a strange connection":     {http1, []step{look, strange}, true, false},
		"over HTTP/2, all of it may be under way":       {http2, []step{look, conn}, false, false},
		"nothing was written, and then it left":         {http1, []step{look, conn, begin, look, conn, begin, write}, false, false},
		"nothing was written, twice":                    {http1, []step{look, conn, begin, look, conn, begin}, true, false},
		"it left, and net/http begins again":            {http1, []step{look, conn, begin, write, look, conn}, false, true},
		"it left by what is not told, and begins again": {notTold, []step{look, strange, begin, look, strange}, false, true},
		"nothing of what is not told is certain":        {notTold, []step{look, strange}, false, false},
		"it left, and no other connection was had":      {http1, []step{look, conn, begin, write, look}, false, false},
		"over HTTP/2, on the same connection":           {http2, []step{look, conn, begin, conn}, false, true},
		"it was answered, and a transport logs in":      {http1, []step{look, conn, begin, write, answer, look, conn}, false, false},
		"only an early hint came, and it begins again":  {http2, []step{look, conn, begin, answer, early, look, conn}, false, true},
		"over HTTP/1, an early hint is an answer":       {http1, []step{look, conn, begin, write, answer, early, look, conn}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := net.Pipe()
			defer func() { _, _ = ours.Close(), theirs.Close() }()
			go func() { _, _ = io.Copy(io.Discard, theirs) }()
			stopped := false
			p := &proof{stop: func(error) { stopped = true }, speech: func(net.Conn) speech { return tt.speaks }}
			m := &meter{Conn: ours}
			for _, do := range tt.steps {
				do(p, m)
			}
			if p.neverLeft(false) != tt.neverLeft || stopped != tt.stopped {
				t.Errorf("never left %v, stopped %v; want %v and %v", p.neverLeft(false), stopped, tt.neverLeft, tt.stopped)
			}
			if _, err := m.Write([]byte("x")); (err != nil) != (stopped && tt.speaks != http2) {
				t.Errorf("another write: %v", err)
			}
		})
	}
}

// Whoever has read the body has found a way to send it, whatever else is told.
func TestProofByTheBody(t *testing.T) {
	p := &proof{}
	if p.seek(); p.neverLeft(true) || !p.neverLeft(false) {
		t.Error("a body that was read proves nothing")
	}
}

func TestInterimAnswersAreBounded(t *testing.T) {
	stopped := false
	p := &proof{stop: func(error) { stopped = true }}
	for range maxInterim {
		if err := p.interimAnswer(); err != nil {
			t.Fatal(err)
		}
	}
	if p.interimAnswer() == nil || !stopped {
		t.Error("there is no end of them")
	}
}

// Without TLS, only the standard transport tells what it speaks.
func TestWhatAConnectionSpeaks(t *testing.T) {
	ours, theirs := net.Pipe()
	defer func() { _, _ = ours.Close(), theirs.Close() }()
	var both http.Protocols
	both.SetHTTP1(true)
	both.SetUnencryptedHTTP2(true)
	for name, tt := range map[string]struct {
		wire http.RoundTripper
		want speech
	}{
		"the standard transport": {&http.Transport{}, http1},
		"with HTTP/2 as well":    {&http.Transport{Protocols: &both}, http2},
		"any other":              {http.NewFileTransport(http.Dir(".")), notTold},
	} {
		if got := speechBy(tt.wire)(ours); got != tt.want {
			t.Errorf("%s: speaks %v; want %v", name, got, tt.want)
		}
	}
}
