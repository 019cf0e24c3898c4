package testserver

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/retrywise/retrywise/retrywisetest"
)

// gaugeUploads is the store of a fake CustomerGauge. The zero value is empty.
type gaugeUploads struct {
	files   retrywisetest.Ledger // by file name
	records retrywisetest.Ledger // by number_customergauge

	mu        sync.Mutex // guards the fields below
	processed []gaugeUpload
	known     map[gaugeFingerprint]bool
}

// A gaugeUpload is the vendor's description of a processed upload.
type gaugeUpload struct {
	ID      string `json:"id" xml:"id"`
	Name    string `json:"name,omitempty" xml:"name,omitempty"`
	Records int    `json:"records" xml:"records"`
}

// A gaugeList is an array in JSON and a sequence of elements in XML.
type gaugeList struct {
	Uploads []gaugeUpload `xml:"Upload"`
}

// MarshalJSON encodes the array without the name that its elements have in XML.
func (l gaugeList) MarshalJSON() ([]byte, error) { return json.Marshal(l.Uploads) }

// A gaugeFingerprint identifies an upload for the vendor.
type gaugeFingerprint struct {
	name    string
	content [sha256.Size]byte
}

// Uploads returns the ledger of executed uploads: the content, by the name of the
// file. A second content under the same name is a duplicate.
func (cg *CustomerGauge) Uploads() *retrywisetest.Ledger { return &cg.uploads.files }

// Records returns the ledger of executed records: the name of the file, by
// number_customergauge. Each record causes an e-mail, so the customer of a
// duplicate gets two.
func (cg *CustomerGauge) Records() *retrywisetest.Ledger { return &cg.uploads.records }

// upload serves POST /v4.1/file/transactional.
func (d gaugeDialect) upload(c call) reply {
	file, code := postedGaugeFile(c.request.Header.Get("Content-Type"), c.body)
	if code != 0 {
		return d.format.refuse(code)
	}
	numbers, code := file.checked()
	if code != 0 {
		return d.format.refuse(code)
	}
	done, code := d.uploads.execute(file, numbers)
	if code != 0 {
		return d.format.refuse(code)
	}
	done.Name = "" // only the list has names
	return d.format.document(http.StatusOK, "Data", done)
}

// list serves GET /v4.1/file/transactional, without filters and pages.
func (d gaugeDialect) list(call) reply {
	s := &d.uploads
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.processed) == 0 {
		return d.format.refuse(gaugeNoData)
	}
	return d.format.document(http.StatusOK, "Data", gaugeList{slices.Clone(s.processed)})
}

// execute processes a valid file, unless it was processed before.
func (s *gaugeUploads) execute(file gaugeFile, numbers []string) (gaugeUpload, gaugeCode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fingerprint := gaugeFingerprint{file.name, sha256.Sum256(file.content)}
	if s.known[fingerprint] {
		return gaugeUpload{}, gaugeProcessed
	}
	if s.known == nil {
		s.known = map[gaugeFingerprint]bool{}
	}
	s.known[fingerprint] = true
	done := gaugeUpload{fmt.Sprintf("upload-%d", len(s.processed)+1), file.name, len(numbers)}
	s.processed = append(s.processed, done)
	s.files.Record(file.name, file.content)
	for _, number := range numbers {
		s.records.Record(number, []byte(file.name))
	}
	return done, 0
}
