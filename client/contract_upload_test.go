package client_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/retrywisetest"
)

// gated is a file whose rest can be read only after answered is closed.
type gated struct {
	*os.File
	answered chan struct{}
}

// ungated is the length of the part that can be read before.
const ungated = 4 << 10

func (g gated) Read(p []byte) (int, error) {
	at, err := g.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, err
	}
	if at >= ungated {
		<-g.answered
	}
	return g.File.Read(p[:min(len(p), ungated)])
}

func (g gated) ReadAt(p []byte, at int64) (int, error) {
	if at >= ungated {
		<-g.answered
	}
	n, err := g.File.ReadAt(p[:min(len(p), ungated)], at)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// A server may start its response before it has read the whole request. The rest of the file
// is still sent.
func TestHTTPResponseBeforeTheRequestEnds(t *testing.T) {
	const size = 10 * ungated
	answer := func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		first, _ := io.ReadFull(r.Body, make([]byte, ungated))
		_, _ = io.WriteString(w, "got ")
		_ = http.NewResponseController(w).Flush()
		rest, err := io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, sum(int64(first)+rest, err))
	}
	overTCP(t, retrywisetest.Answer(answer), func(t *testing.T, hc *http.Client, base string) string {
		file := fileOf(t, strings.Repeat("x", size), 0)
		body := gated{file, make(chan struct{})}
		req := newRequest(t, "POST", base+"/upload", "")
		req.Body = body
		resp, err := hc.Do(req)
		close(body.answered)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		return string(text) + kindOf(err)
	})
}
