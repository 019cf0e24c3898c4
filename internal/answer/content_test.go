package answer_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/retrywise/retrywise/internal/answer"
)

// coded returns text in a content coding.
func coded(t *testing.T, coding, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser
	var err error
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&out)
	case "deflate":
		w = zlib.NewWriter(&out)
	case "br":
		w = brotli.NewWriter(&out)
	case "zstd":
		w, err = zstd.NewWriter(&out)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// inUTF16 returns text in UTF-16, with its byte order mark.
func inUTF16(text string, isBig bool) []byte {
	var out []byte
	for _, unit := range append([]uint16{0xfeff}, utf16.Encode([]rune(text))...) {
		pair := []byte{byte(unit), byte(unit >> 8)}
		if isBig {
			pair[0], pair[1] = pair[1], pair[0]
		}
		out = append(out, pair...)
	}
	return out
}

func TestContent(t *testing.T) {
	const text = `{"name":"café"}`
	latin1 := []byte("{\"name\":\"caf\xe9\"}")
	for name, tt := range map[string]struct {
		coding, kind string
		body         []byte
	}{
		"plain":                          {"", "application/json", []byte(text)},
		"identity":                       {"identity", "", []byte(text)},
		"gzip":                           {"gzip", "", coded(t, "gzip", text)},
		"gzip in capitals":               {"GZIP", "", coded(t, "gzip", text)},
		"x-gzip":                         {"x-gzip", "", coded(t, "gzip", text)},
		"deflate":                        {"deflate", "", coded(t, "deflate", text)},
		"br":                             {"br", "", coded(t, "br", text)},
		"zstd":                           {"zstd", "", coded(t, "zstd", text)},
		"two codings":                    {"br, gzip", "", coded(t, "gzip", string(coded(t, "br", text)))},
		"said to be gzip, and is not":    {"gzip", "", []byte(text)},
		"byte order mark":                {"", "", []byte("\xef\xbb\xbf" + text)},
		"byte order mark inside of gzip": {"gzip", "", coded(t, "gzip", "\xef\xbb\xbf"+text)},
		"UTF-16 by its mark":             {"", "", inUTF16(text, false)},
		"UTF-16 by its mark, big":        {"", "", inUTF16(text, true)},
		"UTF-16LE by its charset":        {"", "application/json; charset=utf-16le", inUTF16(text, false)[2:]},
		"UTF-16 by its charset":          {"", "application/json; charset=UTF-16", inUTF16(text, true)[2:]},
		"Latin-1":                        {"", "application/json; charset=ISO-8859-1", latin1},
		"another charset":                {"", "application/json; charset=utf-8", []byte(text)},
		"broken Content-Type":            {"", "application/json; charset", []byte(text)},
	} {
		header := http.Header{"Content-Encoding": {tt.coding}, "Content-Type": {tt.kind}}
		got, err := answer.Content(header, tt.body, 1<<10)
		if diff := cmp.Diff(text, string(got)); diff != "" || err != nil {
			t.Errorf("%s: error %v (-want +got):\n%s", name, err, diff)
		}
	}
	xml := "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>caf\xe9</a>"
	header := http.Header{"Content-Type": {"text/xml; charset=iso-8859-1"}}
	if got, err := answer.Content(header, []byte(xml), 1<<10); string(got) != xml || err != nil {
		t.Errorf("XML that says its encoding became %q, error %v", got, err)
	}
}

// A body that breaks off, or is of an unknown coding, is returned as far as it goes. A small
// body that unpacks to a large one is bounded.
func TestContentIsBounded(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for name, tt := range map[string]struct {
		coding string
		body   []byte
		length int
		fails  bool
	}{
		"gzip of 1 MiB":      {"gzip", coded(t, "gzip", long), 1 << 10, false},
		"deflate of 1 MiB":   {"deflate", coded(t, "deflate", long), 1 << 10, false},
		"br of 1 MiB":        {"br", coded(t, "br", long), 1 << 10, false},
		"zstd of 1 MiB":      {"zstd", coded(t, "zstd", long), 1 << 10, false},
		"gzip, broken off":   {"gzip", coded(t, "gzip", "row")[:14], 3, true},
		"two, one broken":    {"br, gzip", coded(t, "gzip", "row")[:14], 3, true},
		"an unknown coding":  {"compress", []byte("row"), 3, true},
		"UTF-16, odd length": {"", append(inUTF16("row", false), 1), 3, false},
	} {
		got, err := answer.Content(http.Header{"Content-Encoding": {tt.coding}}, tt.body, 1<<10)
		if len(got) != tt.length || (err != nil) != tt.fails {
			t.Errorf("%s: %d bytes, error %v; want %d, an error: %v", name, len(got), err, tt.length, tt.fails)
		}
	}
}

func TestIsHTML(t *testing.T) {
	for body, want := range map[string]bool{
		"<!DOCTYPE html><p>":           true,
		"\xef\xbb\xbf\n <HTML lang=x>": true,
		"<html>":                       true,
		"<a/>":                         false,
		`{"a":"<html>"}`:               false,
		"":                             false,
	} {
		if got := answer.IsHTML([]byte(body)); got != want {
			t.Errorf("IsHTML(%q) = %v; want %v", body, got, want)
		}
	}
}

// Any bytes are decoded without a panic, within the bound.
func FuzzContent(f *testing.F) {
	for _, coding := range []string{"", "gzip", "deflate", "br", "zstd", "br, gzip"} {
		f.Add(coding, "application/json; charset=utf-16", []byte("\xff\xfe{"))
	}
	f.Fuzz(func(t *testing.T, coding, kind string, body []byte) {
		const bound = 1 << 12
		got, _ := answer.Content(http.Header{"Content-Encoding": {coding}, "Content-Type": {kind}}, body, bound)
		if len(got) > 3*max(bound, len(body)) { // a unit of UTF-16 has up to three bytes in UTF-8
			t.Errorf("%d bytes of %d", len(got), len(body))
		}
	})
}
