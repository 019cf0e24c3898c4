package answer

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// Content returns what a body says: without its content codings, in UTF-8, and without a
// byte order mark. It is at most max bytes. If the body cannot be decoded, or is broken
// off, Content returns as much as it could decode, with an error.
//
// net/http itself removes only the gzip that it asked for.
func Content(header http.Header, body []byte, max int) ([]byte, error) {
	var codings []string
	for _, value := range header.Values("Content-Encoding") {
		codings = append(codings, strings.Split(value, ",")...)
	}
	var err error
	for _, coding := range slices.Backward(codings) { // in the order in which they were applied
		if body, err = decoded(strings.ToLower(strings.TrimSpace(coding)), body, max); err != nil {
			break
		}
	}
	return inUTF8(header, body), err
}

// decoded returns body without one coding (RFC 9110 section 8.4.1, RFC 7932, RFC 8878). The
// body is returned as it is if it does not begin like that coding: some servers say gzip
// and send none.
func decoded(coding string, body []byte, max int) ([]byte, error) {
	var r io.Reader
	var err error
	source := bytes.NewReader(body)
	switch coding {
	case "gzip", "x-gzip":
		r, err = gzip.NewReader(source)
	case "deflate":
		r, err = zlib.NewReader(source)
	case "br":
		r = brotli.NewReader(source)
	case "zstd":
		r, err = zstd.NewReader(source, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxWindow))
	case "", "identity":
		return body, nil
	default:
		return body, fmt.Errorf("content coding %.20q is not known", coding)
	}
	if err != nil {
		return body, nil //nolint:nilerr // it is not coded
	}
	if c, ok := r.(*zstd.Decoder); ok {
		defer c.Close()
	}
	return readUpTo(r, max)
}

// maxWindow bounds the memory of zstd: RFC 8878 recommends that decoders support 8 MiB.
const maxWindow = 8 << 20

// readUpTo reads at most max bytes.
func readUpTo(r io.Reader, max int) ([]byte, error) {
	return io.ReadAll(io.LimitReader(r, int64(max)))
}

// inUTF8 returns text in UTF-8 without a byte order mark. A byte order mark says the
// encoding; otherwise the charset of the Content-Type does.
func inUTF8(header http.Header, text []byte) []byte {
	switch {
	case bytes.HasPrefix(text, byteOrderMark):
		return text[len(byteOrderMark):]
	case bytes.HasPrefix(text, []byte{0xff, 0xfe}):
		return ofUTF16(text[2:], 0)
	case bytes.HasPrefix(text, []byte{0xfe, 0xff}):
		return ofUTF16(text[2:], 1)
	}
	if bytes.HasPrefix(text, []byte("<?xml")) { // which says its encoding by itself
		return text
	}
	_, parameters, _ := mime.ParseMediaType(header.Get("Content-Type"))
	switch strings.ToLower(parameters["charset"]) {
	case "iso-8859-1", "latin1":
		return ofLatin1(text)
	case "utf-16le":
		return ofUTF16(text, 0)
	case "utf-16be", "utf-16":
		return ofUTF16(text, 1)
	default:
		return text
	}
}

// ofLatin1 returns text in UTF-8.
func ofLatin1(text []byte) []byte {
	var out []byte
	for _, b := range text {
		out = append(out, string(rune(b))...)
	}
	return out
}

// ofUTF16 returns text in UTF-8. low is the place of the lower byte in each pair.
func ofUTF16(text []byte, low int) []byte {
	units := make([]uint16, len(text)/2)
	for i := range units {
		units[i] = uint16(text[2*i+low]) | uint16(text[2*i+1-low])<<8
	}
	return []byte(string(utf16.Decode(units)))
}

// IsHTML reports whether a body is an HTML page, whatever its Content-Type says.
func IsHTML(body []byte) bool {
	body = bytes.TrimSpace(bytes.TrimPrefix(bytes.TrimSpace(body), byteOrderMark))
	start := strings.ToLower(string(body[:min(len(body), 15)]))
	return strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html")
}
