package ledgertest

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"strings"
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

var quiet = log.New(io.Discard, "", 0)

// acceptHTTP2 serves HTTP/2 by frames of its own, as net/http's server does not fail in all
// these ways.
func (s *server) acceptHTTP2() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		ended := make(chan struct{})
		s.running.Go(func() {
			defer close(ended)
			s.serveHTTP2(conn)
		})
		s.running.Go(func() {
			select {
			case <-s.over:
			case <-ended:
			}
			_ = conn.Close()
		})
	}
}

// A connection is one of HTTP/2.
type connection struct {
	server  *server
	conn    net.Conn
	framer  *http2.Framer
	streams map[uint32]*stream // of which more is to come

	mu      sync.Mutex // guards writing and the fields below
	headers bytes.Buffer
	encoder *hpack.Encoder
	last    uint32 // stream that was executed
	bound   uint32 // by GOAWAY: streams beyond it are not executed
}

// A stream is a request on a connection.
type stream struct {
	*request
	id     uint32
	path   string
	length int
	whole  bool
}

func (s *server) serveHTTP2(conn net.Conn) {
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(conn, preface); err != nil {
		return
	}
	c := &connection{server: s, conn: conn, framer: http2.NewFramer(conn, conn), streams: map[uint32]*stream{}, bound: math.MaxUint32}
	c.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	c.encoder = hpack.NewEncoder(&c.headers)
	c.write(func() error { return c.framer.WriteSettings() })
	for {
		f, err := c.framer.ReadFrame()
		if err != nil {
			return
		}
		c.take(f)
	}
}

// write runs writes of frames. Their errors show when the next frame is read.
func (c *connection) write(writes ...func() error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range writes {
		_ = w()
	}
}

func (c *connection) take(f http2.Frame) {
	switch f := f.(type) {
	case *http2.SettingsFrame:
		if !f.IsAck() {
			c.write(c.framer.WriteSettingsAck)
		}
	case *http2.PingFrame:
		if !f.IsAck() {
			c.write(func() error { return c.framer.WritePing(true, f.Data) })
		}
	case *http2.MetaHeadersFrame:
		c.begin(f)
	case *http2.DataFrame:
		c.data(f)
	}
}

// begin begins a stream.
func (c *connection) begin(f *http2.MetaHeadersFrame) {
	header := http.Header{}
	for _, field := range f.RegularFields() {
		header.Add(field.Name, field.Value)
	}
	st := &stream{id: f.StreamID, path: f.PseudoValue("path"), whole: f.StreamEnded()}
	if status, ok := c.server.book.find(st.path); ok {
		st.request = &request{fault: fault{end: respond, status: status}}
		c.end(st)
		return
	}
	st.request = c.server.book.arrive(st.path, header)
	switch {
	case st.fault.stage == atHeaders, st.fault.stage == inBody && st.whole:
		c.end(st)
	case st.whole:
		c.finish(st)
	default:
		c.streams[st.id] = st
	}
}

// data takes a piece of a body, and makes room for the next one.
func (c *connection) data(f *http2.DataFrame) {
	if n := f.Length; n > 0 {
		c.write(func() error { return c.framer.WriteWindowUpdate(0, n) }, func() error { return c.framer.WriteWindowUpdate(f.StreamID, n) })
	}
	st := c.streams[f.StreamID]
	if st == nil {
		return
	}
	st.length, st.whole = st.length+len(f.Data()), f.StreamEnded()
	switch {
	case st.fault.stage == inBody:
		delete(c.streams, st.id)
		c.end(st)
	case st.whole:
		delete(c.streams, st.id)
		c.finish(st)
	}
}

// finish does with a whole request what its fault says.
func (c *connection) finish(st *stream) {
	if st.fault.stage == late {
		c.server.running.Go(func() {
			c.server.wait(lateness)
			c.execute(st)
		})
		return
	}
	if st.fault.executes() {
		c.execute(st)
		return
	}
	c.end(st)
}

// execute executes a request, unless the server said that it would not, and ends it.
func (c *connection) execute(st *stream) {
	c.mu.Lock()
	if st.id <= c.bound {
		c.last = max(c.last, st.id)
		st.execute(st.length)
	}
	c.mu.Unlock()
	c.end(st)
}

// refuses reports whether the server said by GOAWAY that it does not process a stream.
func (c *connection) refuses(st *stream) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return st.id > c.bound
}

// end ends a request over HTTP/2.
func (c *connection) end(st *stream) {
	if c.refuses(st) {
		return
	}
	switch f := st.fault; f.end {
	case respond:
		c.respond(st, true)
	case goAwayGently:
		c.leave(st)
		c.respond(st, true)
	case closeAfter:
		c.respond(st, true)
		_ = c.conn.Close()
	case cutBody:
		c.respond(st, false)
		abort(c.conn)
	case cutHeaders:
		c.write(func() error { // of a frame that would be longer
			_, err := c.conn.Write([]byte{0, 0, 40, byte(http2.FrameHeaders), byte(http2.FlagHeadersEndHeaders), 0, 0})
			return err
		})
		abort(c.conn)
	case streamError:
		c.write(func() error { return c.framer.WriteRSTStream(st.id, f.code) })
	case goAway:
		if !c.leave(st) {
			abort(c.conn)
		}
	case reset:
		abort(c.conn)
	case hang:
	}
}

// leave says by GOAWAY that the streams which were not executed will not be. It reports
// whether the given one is among these.
func (c *connection) leave(st *stream) (isRefused bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bound = min(c.bound, c.last)
	_ = c.framer.WriteGoAway(c.bound, http2.ErrCodeNo, nil)
	return st.id > c.bound
}

// respond writes a response, or one whose end never comes.
func (c *connection) respond(st *stream, isWhole bool) {
	h := http.Header{}
	describe(h, st.path, st.fault)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.headers.Reset()
	_ = c.encoder.WriteField(hpack.HeaderField{Name: ":status", Value: fmt.Sprint(st.fault.status)})
	for name := range h {
		_ = c.encoder.WriteField(hpack.HeaderField{Name: strings.ToLower(name), Value: h.Get(name)})
	}
	_ = c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: st.id, BlockFragment: c.headers.Bytes(), EndHeaders: true})
	_ = c.framer.WriteData(st.id, isWhole, []byte(responseBody))
	if !st.whole {
		_ = c.framer.WriteRSTStream(st.id, http2.ErrCodeNo) // the rest of the request is not needed (RFC 9113 section 8.1)
	}
}
