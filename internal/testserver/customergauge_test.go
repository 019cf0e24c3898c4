package testserver_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/retrywisetest"
)

const (
	gaugeJSON   = "/v4.1/file/transactional.json"
	gaugeXML    = "/v4.1/file/transactional.xml"
	gaugeForm   = "multipart/form-data; boundary=cut"
	gaugeRecord = "number_customergauge,email\n10438,ana@example.com\n"
)

// customerGauge is a fake CustomerGauge and a caller with the key.
type customerGauge struct {
	*testserver.CustomerGauge
	caller
}

func newGauge(t *testing.T, service testserver.Service) customerGauge {
	cg := testserver.NewCustomerGauge(service)
	return gaugeOf(t, cg, retrywisetest.Handle(t, cg))
}

// gaugeOf returns cg, which srv serves, and a caller.
func gaugeOf(t *testing.T, cg *testserver.CustomerGauge, srv *retrywisetest.Server) customerGauge {
	header := func() []string {
		return []string{"Content-Type", gaugeForm, "Authorization", "api_key " + testserver.CustomerGaugeKey}
	}
	return customerGauge{cg, caller{t, srv, header}}
}

// gaugePart is the body of an upload; disposition follows "form-data; ".
func gaugePart(disposition, content string) string {
	return "--cut\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + content + "\r\n--cut--\r\n"
}

// gaugeUpload is the body of an upload of a file.
func gaugeUpload(name, content string) string {
	return gaugePart(fmt.Sprintf(`name="file"; filename="%s"`, name), content)
}

// gaugeRefusal is the vendor's error in JSON.
func gaugeRefusal(status, code int, text string) got {
	return got{status, kind, fmt.Sprintf(`{"Error":{"Message":%q,"Code":%d}}`, text, code)}
}

// gaugeRefusalXML is the vendor's error in XML.
func gaugeRefusalXML(status, code int, text string) got {
	return got{status, "application/xml", fmt.Sprintf(`<Error><Message>%s</Message><Code>%d</Code></Error>`, text, code)}
}

// gaugeRecords is a CSV file of n records.
func gaugeRecords(n int) string {
	var b strings.Builder
	b.WriteString("number_customergauge\n")
	for i := range n {
		fmt.Fprintf(&b, "%d\n", i)
	}
	return b.String()
}

func TestCustomerGaugeUploadRules(t *testing.T) {
	const emptyField = "Field number_customergauge is required but seems to be empty"
	const noTempFile = "Could not find posted temp file."
	const badName = "File name of posted file is not valid."
	const emptyFile = "File data can not be empty."
	success := func(records int) got {
		return got{200, kind, fmt.Sprintf(`{"Data":{"id":"upload-1","records":%d}}`, records)}
	}
	for name, tt := range map[string]struct {
		body string
		want got
	}{
		"csv":                  {gaugeUpload("a.csv", gaugeRecord), success(1)},
		"type in capitals":     {gaugeUpload("A.CSV", gaugeRecord), success(1)},
		"column not the first": {gaugeUpload("a.csv", "email,number_customergauge\nx,1\ny,2\n"), success(2)},
		"xml":                  {gaugeUpload("a.xml", `<T><R><number_customergauge>1</number_customergauge></R><R><number_customergauge>2</number_customergauge></R></T>`), success(2)},
		"sheets are not read":  {gaugeUpload("a.xlsx", "PK"), success(0)},
		"old sheets":           {gaugeUpload("a.xls", "x"), success(0)},
		"as many as allowed":   {gaugeUpload("a.csv", gaugeRecords(2000)), success(2000)},
		"another part before":  {"--cut\r\nContent-Disposition: form-data; name=\"rule\"\r\n\r\nx\r\n" + gaugeUpload("a.csv", gaugeRecord), success(1)},

		"part of another name":       {gaugePart(`name="upload"; filename="a.csv"`, gaugeRecord), gaugeRefusal(400, 400110, noTempFile)},
		"no part":                    {"--cut--\r\n", gaugeRefusal(400, 400110, noTempFile)},
		"body that ends in the part": {gaugeUpload("a.csv", gaugeRecord)[:80], gaugeRefusal(400, 400110, noTempFile)},
		"file without a name":        {gaugePart(`name="file"`, gaugeRecord), gaugeRefusal(400, 400111, badName)},
		"blank name":                 {gaugeUpload(" ", gaugeRecord), gaugeRefusal(400, 400111, badName)},
		"name that is only a type":   {gaugeUpload(".csv", gaugeRecord), gaugeRefusal(400, 400111, badName)},
		"path for a name":            {gaugeUpload("in/a.csv", gaugeRecord), gaugeRefusal(400, 400111, badName)},
		"path of another system":     {gaugeUpload(`in\a.csv`, gaugeRecord), gaugeRefusal(400, 400111, badName)},
		"no type":                    {gaugeUpload("a", gaugeRecord), gaugeRefusal(400, 400104, "File type could not be determined.")},
		"unknown type":               {gaugeUpload("a.pdf", gaugeRecord), gaugeRefusal(400, 400104, "File type could not be determined.")},
		"json":                       {gaugeUpload("a.json", `[]`), gaugeRefusal(400, 400106, "File is not of valid file type.")},
		"nothing in it":              {gaugeUpload("a.csv", ""), gaugeRefusal(400, 400115, emptyFile)},
		"blanks in it":               {gaugeUpload("a.xlsx", " \n"), gaugeRefusal(400, 400115, emptyFile)},
		"only headings":              {gaugeUpload("a.csv", "number_customergauge\n"), gaugeRefusal(400, 400115, emptyFile)},
		"only a root":                {gaugeUpload("a.xml", "<T/>"), gaugeRefusal(400, 400115, emptyFile)},
		"xml that breaks off":        {gaugeUpload("a.xml", "<T><R>"), gaugeRefusal(400, 400107, "Could not parse XML correctly.")},
		"csv called xml":             {gaugeUpload("a.xml", gaugeRecord), gaugeRefusal(400, 400107, "Could not parse XML correctly.")},
		"empty number":               {gaugeUpload("a.csv", gaugeRecord+" ,bo@example.com\n"), gaugeRefusal(400, 400010, emptyField)},
		"short line":                 {gaugeUpload("a.csv", "email,number_customergauge\nx\n"), gaugeRefusal(400, 400010, emptyField)},
		"no such column":             {gaugeUpload("a.csv", "email\nx\n"), gaugeRefusal(400, 400010, emptyField)},
		"xml, empty number":          {gaugeUpload("a.xml", `<T><R><number_customergauge/></R></T>`), gaugeRefusal(400, 400010, emptyField)},
		"xml, no number":             {gaugeUpload("a.xml", `<T><R><email>x</email></R></T>`), gaugeRefusal(400, 400010, emptyField)},
		"too many records":           {gaugeUpload("a.csv", gaugeRecords(2001)), got{Status: 400}},
		"too many bytes":             {gaugeUpload("a.xlsx", strings.Repeat("x", 2<<20+1)), got{Status: 400}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newGauge(t, testserver.Service{})
				if diff := cmp.Diff(tt.want, v.mustSend("POST", gaugeJSON, tt.body)); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
				executed := 0
				if tt.want.Status == 200 {
					executed = 1
				}
				if n := v.Uploads().Total(); n != executed {
					t.Errorf("%d uploads executed; want %d", n, executed)
				}
			})
		})
	}
}

func TestCustomerGaugeMethodOfUploading(t *testing.T) {
	want := gaugeRefusal(400, 400140, "Method of uploading unclear; should be POST params s3 or http or upload by POST.")
	for name, contentType := range map[string]string{
		"none":                       "",
		"form":                       "application/x-www-form-urlencoded",
		"the file itself":            "text/csv",
		"multipart without boundary": "multipart/form-data",
		"another multipart":          "multipart/mixed; boundary=cut",
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newGauge(t, testserver.Service{})
				g := v.mustDo("POST", gaugeJSON, gaugeUpload("a.csv", gaugeRecord), "Content-Type", contentType, "Authorization", "api_key "+testserver.CustomerGaugeKey)
				if diff := cmp.Diff(want, g); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestCustomerGaugePaths(t *testing.T) {
	const noModule, noMethod = "Module does not exist", "Method does not exist"
	for name, tt := range map[string]struct {
		method, path string
		want         got
	}{
		"module":         {"POST", "/v4.1/files/transactional.json", gaugeRefusal(404, 300002, noModule)},
		"module, xml":    {"POST", "/v4.1/files/transactional.xml", gaugeRefusalXML(404, 300002, noModule)},
		"version":        {"GET", "/v4.0/file/transactional.json", gaugeRefusal(404, 300002, noModule)},
		"method":         {"POST", "/v4.1/file/other.json", gaugeRefusal(405, 300003, noMethod)},
		"method, xml":    {"POST", "/v4.1/file/other.xml", gaugeRefusalXML(405, 300003, noMethod)},
		"verb":           {"DELETE", gaugeJSON, gaugeRefusal(405, 300003, noMethod)},
		"token by GET":   {"GET", "/oauth2/token", gaugeRefusal(404, 300002, noModule)},
		"unknown suffix": {"GET", "/v4.1/file/transactional.csv", gaugeRefusal(405, 300003, noMethod)},
		"known, for a change": {"GET", gaugeXML,
			gaugeRefusalXML(400, 400184, "No data found with passed parameters")},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newGauge(t, testserver.Service{})
				if diff := cmp.Diff(tt.want, v.mustSend(tt.method, tt.path, "")); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(map[int]int{tt.want.Status: 1}, v.Statuses()); diff != "" {
					t.Errorf("statuses (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// An upload is refused the second time. The list has those that were accepted.
func TestCustomerGaugeUploadLife(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newGauge(t, testserver.Service{})
		const processed, noData = "This upload has already been processed", "No data found with passed parameters"
		first, other := gaugeUpload("a&b.csv", gaugeRecord), gaugeUpload("a&b.csv", gaugeRecords(2))
		for i, step := range []struct {
			method, path, body string
			want               got
		}{
			{"GET", gaugeJSON, "", gaugeRefusal(400, 400184, noData)},
			{"POST", gaugeJSON, first, got{200, kind, `{"Data":{"id":"upload-1","records":1}}`}},
			{"POST", gaugeJSON, first, gaugeRefusal(400, 400103, processed)},
			{"POST", gaugeXML, first, gaugeRefusalXML(400, 400103, processed)},
			{"POST", gaugeXML, other, got{200, "application/xml", `<Data><id>upload-2</id><records>2</records></Data>`}},
			{"GET", gaugeJSON, "", got{200, kind, `{"Data":[{"id":"upload-1","name":"a\u0026b.csv","records":1},{"id":"upload-2","name":"a\u0026b.csv","records":2}]}`}},
			{"GET", gaugeXML, "", got{200, "application/xml", `<Data><Upload><id>upload-1</id><name>a&amp;b.csv</name><records>1</records></Upload>` +
				`<Upload><id>upload-2</id><name>a&amp;b.csv</name><records>2</records></Upload></Data>`}},
		} {
			if diff := cmp.Diff(step.want, v.mustSend(step.method, step.path, step.body)); diff != "" {
				t.Errorf("step %d, %s %s (-want +got):\n%s", i, step.method, step.path, diff)
			}
		}
		if diff := cmp.Diff([][]byte{[]byte(gaugeRecord), []byte(gaugeRecords(2))}, v.Uploads().Payloads("a&b.csv")); diff != "" {
			t.Errorf("contents (-want +got):\n%s", diff)
		}
	})
}

func TestCustomerGaugeLedgers(t *testing.T) {
	type counts struct{ Uploads, DuplicateUploads, Records, DuplicateRecords int }
	two := "number_customergauge\n7\n10438\n"
	for name, tt := range map[string]struct {
		bodies []string
		want   counts
	}{
		"once":                         {[]string{gaugeUpload("a.csv", gaugeRecord)}, counts{1, 0, 1, 0}},
		"again":                        {[]string{gaugeUpload("a.csv", gaugeRecord), gaugeUpload("a.csv", gaugeRecord)}, counts{1, 0, 1, 0}},
		"again after another":          {[]string{gaugeUpload("a.csv", gaugeRecord), gaugeUpload("b.csv", gaugeRecords(2)), gaugeUpload("a.csv", gaugeRecord)}, counts{2, 0, 3, 0}},
		"again under another name":     {[]string{gaugeUpload("a.csv", gaugeRecord), gaugeUpload("b.csv", gaugeRecord)}, counts{2, 0, 2, 1}},
		"another content":              {[]string{gaugeUpload("a.csv", gaugeRecord), gaugeUpload("a.csv", two)}, counts{2, 1, 3, 1}},
		"a record twice in one file":   {[]string{gaugeUpload("a.csv", gaugeRecord+"10438,x\n")}, counts{1, 0, 2, 1}},
		"a record again, now as XML":   {[]string{gaugeUpload("a.csv", gaugeRecord), gaugeUpload("a.xml", `<T><R><number_customergauge>10438</number_customergauge></R></T>`)}, counts{2, 0, 2, 1}},
		"nothing of a file with fault": {[]string{gaugeUpload("a.csv", gaugeRecord+",x\n")}, counts{}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newGauge(t, testserver.Service{})
				for _, body := range tt.bodies {
					v.mustSend("POST", gaugeJSON, body)
				}
				uploads, records := v.Uploads(), v.Records()
				counted := counts{uploads.Total(), uploads.Duplicates(), records.Total(), records.Duplicates()}
				if diff := cmp.Diff(tt.want, counted); diff != "" {
					t.Errorf("counts (-want +got):\n%s", diff)
				}
			})
		})
	}
}
