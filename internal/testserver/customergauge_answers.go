package testserver

import (
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// A gaugeCode is a code of the vendor's error table. Zero means no error.
type gaugeCode int

// The codes that the fake uses. The vendor's example has gaugeBadKeyExample
// where its table has gaugeBadKey, so both come.
const (
	gaugeBadKeyExample gaugeCode = 2000
	gaugeBadKey        gaugeCode = 200000
	gaugeNoModule      gaugeCode = 300002
	gaugeNoMethod      gaugeCode = 300003
	gaugeEmptyField    gaugeCode = 400010
	gaugeProcessed     gaugeCode = 400103
	gaugeUnknownType   gaugeCode = 400104
	gaugeInvalidType   gaugeCode = 400106
	gaugeBrokenXML     gaugeCode = 400107
	gaugeNoTempFile    gaugeCode = 400110
	gaugeInvalidName   gaugeCode = 400111
	gaugeEmptyFile     gaugeCode = 400115
	gaugeNoDatabase    gaugeCode = 400120
	gaugeFailedQuery   gaugeCode = 400122
	gaugeUnclearUpload gaugeCode = 400140
	gaugeNoData        gaugeCode = 400184

	// gaugeTooLarge is ours: the vendor documents the limits of an upload and no
	// code for what is beyond them. It is answered by a bare 400.
	gaugeTooLarge gaugeCode = 1
)

// gaugeTable has the status and the text of each code. Texts are the table's,
// but for gaugeProcessed and gaugeEmptyField, which have another one in the
// example bodies of the vendor's method pages.
var gaugeTable = map[gaugeCode]struct {
	status int
	text   string
}{
	gaugeBadKeyExample: {http.StatusUnauthorized, "Invalid API Key"},
	gaugeBadKey:        {http.StatusUnauthorized, "Invalid API key"},
	gaugeNoModule:      {http.StatusNotFound, "Module does not exist"},
	gaugeNoMethod:      {http.StatusMethodNotAllowed, "Method does not exist"},
	gaugeEmptyField:    {http.StatusBadRequest, "Field " + gaugeNumber + " is required but seems to be empty"},
	gaugeProcessed:     {http.StatusBadRequest, "This upload has already been processed"},
	gaugeUnknownType:   {http.StatusBadRequest, "File type could not be determined."},
	gaugeInvalidType:   {http.StatusBadRequest, "File is not of valid file type."},
	gaugeBrokenXML:     {http.StatusBadRequest, "Could not parse XML correctly."},
	gaugeNoTempFile:    {http.StatusBadRequest, "Could not find posted temp file."},
	gaugeInvalidName:   {http.StatusBadRequest, "File name of posted file is not valid."},
	gaugeEmptyFile:     {http.StatusBadRequest, "File data can not be empty."},
	gaugeNoDatabase:    {http.StatusBadRequest, "Could not make connection to database."},
	gaugeFailedQuery:   {http.StatusBadRequest, "Query could not be executed correctly."},
	gaugeUnclearUpload: {http.StatusBadRequest, "Method of uploading unclear; should be POST params s3 or http or upload by POST."},
	gaugeNoData:        {http.StatusBadRequest, "No data found with passed parameters"},
}

// refuse is the vendor's error document. A code that the table does not have
// is a 400 without a body.
func (f gaugeFormat) refuse(code gaugeCode) reply {
	row, known := gaugeTable[code]
	if !known {
		return reply{status: http.StatusBadRequest}
	}
	return f.document(row.status, "Error", struct {
		Message string
		Code    gaugeCode
	}{row.text, code})
}

// document is a reply whose only member, or root element, is called root.
func (f gaugeFormat) document(status int, root string, content any) reply {
	if !f.isXML {
		return reply{status: status, body: map[string]any{root: content}}
	}
	var text strings.Builder
	start := xml.StartElement{Name: xml.Name{Local: root}}
	if xml.NewEncoder(&text).EncodeElement(content, start) != nil {
		return reply{status: http.StatusInternalServerError} // never: all contents are made of strings and numbers
	}
	return reply{status: status, xml: text.String()}
}

// dataFalse is how a failed upload is answered at times, with success for its
// status. It is documented for uploads of revenue.
func (f gaugeFormat) dataFalse() retrywisetest.Answer {
	if f.isXML {
		return reply{status: http.StatusOK, xml: "<Data>false</Data>"}.send
	}
	return retrywisetest.JSON(http.StatusOK, `{"Data": false}`)
}

// A gaugeDress is the dress of a fake CustomerGauge that answers in format.
type gaugeDialect struct {
	*CustomerGauge
	format gaugeFormat
}

// instead returns the answer of a fault that keeps request number n from being
// executed, or nil if fault is not of that kind. What comes from a gateway is
// in no format of the vendor's.
func (d gaugeDialect) instead(fault retrywisetest.Fault, n int, r *http.Request) retrywisetest.Answer {
	isSecond := n%2 == 1
	switch fault {
	case retrywisetest.Unavailable:
		return retrywisetest.JSON(http.StatusServiceUnavailable, `{"message":"Service Unavailable"}`)
	case LeadLimited, retrywisetest.RateLimited: // the vendor has no limit of a lead
		return d.limited(d.service.LimitWait)
	case retrywisetest.ServerError:
		if isSecond && r.Method == http.MethodPost {
			return d.format.dataFalse()
		}
		return retrywisetest.Status(http.StatusInternalServerError)
	case Disguised:
		if isSecond {
			return d.format.refuse(gaugeFailedQuery).send
		}
		return d.format.refuse(gaugeNoDatabase).send
	case ExpireToken:
		d.ExpireToken()
		return nil
	default:
		return nil
	}
}

// limited is a gateway's 429, as the vendor documents none of its own.
func (d gaugeDialect) limited(rest time.Duration) retrywisetest.Answer {
	return retrywisetest.HTML(http.StatusTooManyRequests, "Retry-After", strconv.Itoa(seconds(rest)))
}

// check accepts the key and every access token that is still valid.
func (d gaugeDialect) check(header http.Header) (refusal reply, ok bool) {
	scheme, secret, _ := strings.Cut(header.Get("Authorization"), " ")
	switch {
	case scheme == "api_key" && secret == CustomerGaugeKey:
		return reply{}, true
	case scheme == "Bearer" && d.tokens.use(secret):
		return reply{}, true
	}
	return d.format.refuse(d.badCredential()), false
}
