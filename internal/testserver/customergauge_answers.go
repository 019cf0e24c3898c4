package testserver

import (
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// A gaugeCode is a code of the vendor's error table. Zero is no error.
type gaugeCode int

// The codes that the fake uses. For gaugeBadKey, the vendor's example has another
// code than its table, gaugeBadKeyExample. The fake uses both.
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

	// gaugeTooLarge is internal: the vendor documents limits for uploads, but no
	// code. The response is a 400 without a body.
	gaugeTooLarge gaugeCode = 1
)

// gaugeTable has the status and the text of each code. The texts are from the
// vendor's table, except those of gaugeProcessed and gaugeEmptyField, which are from
// the examples on the pages of its methods.
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

// refuse returns the vendor's error document, or a 400 without a body if the table
// does not have code.
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

// document returns a reply whose only member or root element is root.
func (f gaugeFormat) document(status int, root string, content any) reply {
	if !f.isXML {
		return reply{status: status, body: map[string]any{root: content}}
	}
	var text strings.Builder
	start := xml.StartElement{Name: xml.Name{Local: root}}
	if xml.NewEncoder(&text).EncodeElement(content, start) != nil {
		return reply{status: http.StatusInternalServerError} // never: contents consist of strings and numbers
	}
	return reply{status: status, xml: text.String()}
}

// dataFalse is a response to a failed upload that has the status of a success. The
// vendor documents it for uploads of revenue.
func (f gaugeFormat) dataFalse() retrywisetest.Answer {
	if f.isXML {
		return reply{status: http.StatusOK, xml: "<Data>false</Data>"}.send
	}
	return retrywisetest.JSON(http.StatusOK, `{"Data": false}`)
}

// A gaugeDialect is the dialect of a fake CustomerGauge that answers in format.
type gaugeDialect struct {
	*CustomerGauge
	format gaugeFormat
}

// instead is part of dialect. Some responses alternate between even and odd n.
func (d gaugeDialect) instead(fault retrywisetest.Fault, n int, r *http.Request) retrywisetest.Answer {
	isOdd := n%2 == 1
	switch fault {
	case retrywisetest.Unavailable:
		return retrywisetest.JSON(http.StatusServiceUnavailable, `{"message":"Service Unavailable"}`)
	case LeadLimited, retrywisetest.RateLimited: // the vendor has no limit per contact
		return d.limited(d.service.LimitWait)
	case retrywisetest.ServerError:
		if isOdd && r.Method == http.MethodPost {
			return d.format.dataFalse()
		}
		return retrywisetest.Status(http.StatusInternalServerError)
	case Disguised:
		if isOdd {
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

// limited is part of dialect. The response is that of a proxy, because the vendor
// documents none.
func (d gaugeDialect) limited(wait time.Duration) retrywisetest.Answer {
	return retrywisetest.HTML(http.StatusTooManyRequests, "Retry-After", strconv.Itoa(seconds(wait)))
}

// check is part of dialect. It accepts the key and every valid access token.
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
