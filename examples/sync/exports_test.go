package main

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A download goes on after a truncated response. It never joins parts of two versions.
func TestDownload(t *testing.T) {
	text := strings.Repeat("a line of an export\n", 1000)
	for name, tt := range map[string]struct {
		truncated int // responses
		version   func(request int) string
		want      string // the error; empty: the whole file arrives
	}{
		"whole":              {0, func(int) string { return "1" }, ""},
		"one truncated":      {1, func(int) string { return "1" }, ""},
		"four truncated":     {4, func(int) string { return "1" }, ""},
		"too many truncated": {5, func(int) string { return "1" }, errTruncated.Error()},
		"changed":            {1, strconv.Itoa, "the file has changed"},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				requests := 0
				srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					requests++
					w.Header().Set("ETag", strconv.Quote(tt.version(requests)))
					if requests <= tt.truncated {
						w = &truncating{w, 1000}
					}
					http.ServeContent(w, r, "", time.Time{}, strings.NewReader(text))
				}))
				c, err := client.New(client.Config{BaseURL: "http://api.test", Auth: client.Bearer("demo"), Transport: srv.Transport()})
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				var file bytes.Buffer
				err = download(t.Context(), c, "http://storage.test/file", &file)
				switch {
				case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
					t.Errorf("error %v; want %s", err, tt.want)
				case tt.want == "" && (err != nil || file.String() != text):
					t.Errorf("error %v, %d bytes; want %d", err, file.Len(), len(text))
				}
				for _, r := range srv.Requests() {
					if r.Header.Get("Authorization") != "" {
						t.Error("the storage received the credential")
					}
				}
			})
		})
	}
}

// truncating ends a response after left bytes of its body.
type truncating struct {
	http.ResponseWriter
	left int
}

func (c *truncating) Write(p []byte) (int, error) {
	if c.left == 0 {
		return 0, errTruncated // net/http closes the connection, as too little was written
	}
	n, err := c.ResponseWriter.Write(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}
