package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

func TestOnce(t *testing.T) {
	doubt := &apierrors.Error{Class: apierrors.Timeout, Stop: apierrors.StopUnsafe}
	refused := &apierrors.Error{Class: apierrors.Validation, Applied: apierrors.AppliedNo}
	down := errors.New("down")
	type counts struct{ Writes, Looks int }
	for name, tt := range map[string]struct {
		writes []error // results of the writes; the last is repeated
		there  int     // the first look that finds the record; 0: none does
		look   error
		want   counts
		err    error
	}{
		"done":                            {[]error{nil}, 0, nil, counts{1, 0}, nil},
		"refused":                         {[]error{refused}, 0, nil, counts{1, 0}, refused},
		"in doubt, and there":             {[]error{doubt, nil}, 1, nil, counts{1, 1}, nil},
		"in doubt, and not there":         {[]error{doubt, nil}, 0, nil, counts{2, 1}, nil},
		"in doubt twice, then there":      {[]error{doubt}, 2, nil, counts{2, 2}, nil},
		"in doubt, then refused":          {[]error{doubt, refused}, 0, nil, counts{2, 1}, refused},
		"nobody can tell":                 {[]error{doubt}, 0, down, counts{1, 1}, doubt},
		"never there, as often as we try": {[]error{doubt}, 0, nil, counts{maxWrites, maxWrites}, doubt},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				var got counts
				err := once(t.Context(),
					func(context.Context) error {
						got.Writes++
						return tt.writes[min(got.Writes, len(tt.writes))-1]
					},
					func(context.Context) (bool, error) {
						got.Looks++
						return tt.there > 0 && got.Looks >= tt.there, tt.look
					})
				if diff := cmp.Diff(tt.want, got); diff != "" || !errors.Is(err, tt.err) || (err != nil) != (tt.err != nil) {
					t.Errorf("error %v, want %v; counts (-want +got):\n%s", err, tt.err, diff)
				}
			})
		})
	}
}

// A download resumes after a cut, and never joins parts of two versions.
func TestDownload(t *testing.T) {
	text := strings.Repeat("a line of an export\n", 1000)
	for name, tt := range map[string]struct {
		cuts    int
		version func(request int) string
		want    string // the error; empty: the whole file arrives
	}{
		"whole":    {0, func(int) string { return "1" }, ""},
		"one cut":  {1, func(int) string { return "1" }, ""},
		"four":     {4, func(int) string { return "1" }, ""},
		"too many": {5, func(int) string { return "1" }, errCut.Error()},
		"changed":  {1, strconv.Itoa, "the file has changed"},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				requests := 0
				srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					requests++
					w.Header().Set("ETag", strconv.Quote(tt.version(requests)))
					if requests <= tt.cuts {
						w = &cutting{w, 1000}
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
						t.Error("the credential went to the storage")
					}
				}
			})
		})
	}
}

// cutting ends an answer after left bytes of its body.
type cutting struct {
	http.ResponseWriter
	left int
}

func (c *cutting) Write(p []byte) (int, error) {
	if c.left == 0 {
		return 0, errCut // net/http closes the connection, as too little was written
	}
	n, err := c.ResponseWriter.Write(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}
