package client_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// The beginning of a response is read before the caller gets it: 64 KiB of an error, 4 KiB of
// a success. The caller gets every byte of bodies around these sizes.
func TestHTTPReturnsTheWholeBody(t *testing.T) {
	pattern := bytes.Repeat([]byte(`{"key":"0123456789abcdefghijklmnopq"},`), 1<<20/38+1)
	for _, size := range []int{0, 1, 4<<10 - 1, 4 << 10, 4<<10 + 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 1 << 20} {
		for _, status := range []int{200, 422} {
			t.Run(fmt.Sprint(size, " bytes of a ", status), func(t *testing.T) {
				body := string(pattern[:size])
				for _, answer := range []retrywisetest.Answer{retrywisetest.Text(status, body), pieces(status, 0, body[:size/2], body[size/2:])} {
					sameAsNetHTTP(t, answer, func(t *testing.T, hc *http.Client, base string) seen {
						return exchange(hc, newRequest(t, "POST", base+"/items", "x"))
					})
				}
			})
		}
	}
}

// A piece of a body, and when it was read.
type piece struct {
	At   time.Duration
	Text string
}

// piecesOf returns the pieces of a response as they are read. A time before earliest is taken
// for earliest.
func piecesOf(hc *http.Client, req *http.Request, earliest time.Duration) []piece {
	start := time.Now()
	at := func() time.Duration { return max(time.Since(start), earliest) }
	resp, err := hc.Do(req)
	if err != nil {
		return []piece{{at(), kindOf(err)}}
	}
	defer resp.Body.Close()
	var all []piece
	add := func(text string) {
		if n := len(all) - 1; n >= 0 && all[n].At == at() {
			all[n].Text += text
		} else {
			all = append(all, piece{at(), text})
		}
	}
	for buffer := make([]byte, 64); ; {
		n, err := resp.Body.Read(buffer)
		add(string(buffer[:n]))
		if err != nil {
			add(kindOf(err))
			return all
		}
	}
}

// A body that trickles in is read whole, and each piece when it arrives. Only the beginning of
// an error, and of a success that may hold one, arrives up to 2 s late.
func TestHTTPResponseThatTrickles(t *testing.T) {
	const peek = 2 * time.Second
	minute := strings.Split(strings.Repeat("x", 60), "")
	lines := strings.SplitAfter(strings.Repeat("{}\n", 7), "\n")
	for name, tt := range map[string]struct {
		answer   retrywisetest.Answer
		earliest time.Duration
	}{
		"error, for 1 s":                 {pieces(422, time.Second/4, "a", "b", "c", "d", "e"), peek},
		"error, for 10 s":                {pieces(422, 5*time.Second, `{"a":`, `1`, `}`), peek},
		"error, for a minute":            {pieces(422, time.Second, minute...), peek},
		"error of 64 KiB, then a minute": {pieces(422, time.Second, append([]string{strings.Repeat("x", 64<<10)}, minute...)...), 0},
		"success, for a minute":          {pieces(200, time.Second, minute...), 0},
		"success of JSON, for 10 s":      {pieces(200, 5*time.Second, `{"a":`, `1`, `}`), peek},
		"success of lines, 10 s apart":   {pieces(200, 10*time.Second, lines...), peek},
		"success in gzip, after 5 s":     {retrywisetest.After(5*time.Second, gzipIfAsked(200, "{}")), 0},
	} {
		t.Run(name, func(t *testing.T) {
			sameAsNetHTTP(t, tt.answer, func(t *testing.T, hc *http.Client, base string) []piece {
				return piecesOf(hc, newRequest(t, "POST", base+"/items", "x"), tt.earliest)
			})
		})
	}
}

// Read after Close, and a second Close, return what they do with net/http.
func TestHTTPResponseThatWasClosed(t *testing.T) {
	type after struct{ Read, Close string }
	for name, answer := range map[string]retrywisetest.Answer{
		"success":              retrywisetest.Text(200, "text"),
		"success of JSON":      retrywisetest.JSON(200, `{"a":1}`),
		"error":                retrywisetest.JSON(422, `{"a":1}`),
		"long error":           retrywisetest.JSON(422, strings.Repeat("x", 1<<20)),
		"error that trickles":  pieces(422, time.Minute, "a", "b"),
		"error in gzip":        gzipIfAsked(422, "text"),
		"error without a body": retrywisetest.Status(404),
		"no content":           retrywisetest.Status(204),
		"late error in gzip":   retrywisetest.After(time.Second, gzipIfAsked(422, "text")),
	} {
		t.Run(name, func(t *testing.T) {
			sameAsNetHTTP(t, answer, func(t *testing.T, hc *http.Client, base string) after {
				resp, err := hc.Do(newRequest(t, "POST", base+"/items", "x"))
				if err != nil {
					t.Fatal(err)
				}
				if err := resp.Body.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
				_, err = resp.Body.Read(make([]byte, 1))
				got := after{Read: kindOf(err)}
				got.Close = kindOf(resp.Body.Close())
				return got
			})
		})
	}
}

// A caller may look at the announced trailers before it reads the body, as a reverse proxy
// does, even while the beginning of the body is being read.
func TestHTTPTrailersOfASlowResponse(t *testing.T) {
	for name, rest := range map[string]string{"more of the body comes": `1}`, "its end comes": ""} {
		for _, status := range []int{200, 422} {
			t.Run(fmt.Sprint(name, " of a ", status), func(t *testing.T) {
				slow := func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Trailer", "X-Sum")
					pieces(status, 5*time.Second, `{"a":`, rest)(w, r)
					w.Header().Set("X-Sum", "7")
				}
				sameAsNetHTTP(t, retrywisetest.Answer(slow), func(t *testing.T, hc *http.Client, base string) []string {
					resp, err := hc.Do(newRequest(t, "POST", base+"/items", "x"))
					if err != nil {
						t.Fatal(err)
					}
					defer resp.Body.Close()
					announced := slices.Collect(maps.Keys(resp.Trailer))
					body, err := io.ReadAll(resp.Body)
					return append(announced, string(body), kindOf(err), resp.Trailer.Get("X-Sum"))
				})
			})
		}
	}
}
