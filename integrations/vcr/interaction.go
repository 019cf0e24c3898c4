package vcr

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/dnaeon/go-vcr.v4/pkg/cassette"
)

// interaction masks a request and its response before they are written.
func (m *masker) interaction(i *cassette.Interaction) error {
	if isCompressed(i.Request.Headers, i.Request.Body) || isCompressed(i.Response.Headers, i.Response.Body) {
		return fmt.Errorf("interaction %d: a compressed body cannot be searched for secrets", i.ID)
	}
	clean, err := m.clean(*i)
	if err != nil {
		return err
	}
	i.Request, i.Response = clean.Request, clean.Response
	return nil
}

// clean returns a masked copy of an interaction.
func (m *masker) clean(i cassette.Interaction) (cassette.Interaction, error) {
	req, resp := &i.Request, &i.Response
	req.URL, req.RequestURI, req.RemoteAddr = m.url(req.URL), "", ""
	resp.Status = m.text(resp.Status)
	req.Body = m.body(req.Body, req.Headers.Get("Content-Type"))
	resp.Body = m.body(resp.Body, resp.Headers.Get("Content-Type"))
	req.Headers, resp.Headers = m.header(req.Headers, true), m.header(resp.Headers, false)
	req.Trailer, resp.Trailer = m.header(req.Trailer, true), m.header(resp.Trailer, false)
	req.ContentLength, req.Form = int64(len(req.Body)), nil
	if resp.Headers.Get(cutHeader) == "" {
		resp.ContentLength = int64(len(resp.Body))
		if resp.Headers.Get("Content-Length") != "" {
			resp.Headers.Set("Content-Length", strconv.Itoa(len(resp.Body)))
		}
	}
	u, err := url.Parse(req.URL)
	if err != nil {
		return i, errors.New("the URL of a request cannot be parsed") // the error has the URL
	}
	req.Host = u.Host
	return i, nil
}

// packed are the beginnings of gzip, zip, zstd, bzip2, xz and 7z, whatever the header says: an export
// is often such a file.
var packed = []string{"\x1f\x8b", "PK\x03\x04", "\x28\xb5\x2f\xfd", "BZh91AY&SY", "\xfd7zXZ\x00", "7z\xbc\xaf\x27\x1c"}

// isCompressed reports whether a body cannot be searched as it is.
func isCompressed(header http.Header, body string) bool {
	encoding := header.Get("Content-Encoding")
	return encoding != "" && !strings.EqualFold(encoding, "identity") ||
		slices.ContainsFunc(packed, func(beginning string) bool { return strings.HasPrefix(body, beginning) })
}
