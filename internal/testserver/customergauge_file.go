package testserver

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"io"
	"mime"
	"mime/multipart"
	"path"
	"slices"
	"strings"
)

// The vendor's limits of one transactional upload.
const (
	gaugeMaxBytes   = 2 << 20
	gaugeMaxRecords = 2000
)

// gaugeNumber is the field that every record must have.
const gaugeNumber = "number_customergauge"

// A gaugeFile is a posted file.
type gaugeFile struct {
	name    string
	content []byte
}

// postedGaugeFile returns the first part with the name "file" of a multipart body.
func postedGaugeFile(contentType string, body []byte) (gaugeFile, gaugeCode) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return gaugeFile{}, gaugeUnclearUpload
	}
	parts := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		part, err := parts.NextPart()
		if err != nil {
			return gaugeFile{}, gaugeNoTempFile
		}
		if part.FormName() == "file" {
			return readGaugePart(part)
		}
	}
}

// readGaugePart reads a file. It does not use part.FileName, which removes the path
// from a name.
func readGaugePart(part *multipart.Part) (gaugeFile, gaugeCode) {
	content, err := io.ReadAll(part)
	if err != nil {
		return gaugeFile{}, gaugeNoTempFile // the body ends in the middle of the part
	}
	_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return gaugeFile{}, gaugeNoTempFile // never: the part has a name
	}
	return gaugeFile{params["filename"], content}, 0
}

// checked returns the numbers of the file's records, or the code of the first rule
// that the file breaks.
func (f gaugeFile) checked() ([]string, gaugeCode) {
	if code := checkGaugeName(f.name); code != 0 {
		return nil, code
	}
	switch {
	case len(bytes.TrimSpace(f.content)) == 0:
		return nil, gaugeEmptyFile
	case len(f.content) > gaugeMaxBytes:
		return nil, gaugeTooLarge
	}
	numbers, code := f.numbers()
	switch {
	case code != 0:
		return nil, code
	case len(numbers) > gaugeMaxRecords:
		return nil, gaugeTooLarge
	case slices.Contains(numbers, ""):
		return nil, gaugeEmptyField
	}
	return numbers, 0
}

// checkGaugeName checks that name has a known file type and no path.
func checkGaugeName(name string) gaugeCode {
	ending := path.Ext(name)
	if strings.ContainsAny(name, `/\`) || strings.TrimSpace(strings.TrimSuffix(name, ending)) == "" {
		return gaugeInvalidName
	}
	switch strings.ToLower(ending) {
	case ".csv", ".xls", ".xlsx", ".xml":
		return 0
	case ".json":
		return gaugeInvalidType
	default:
		return gaugeUnknownType
	}
}

// numbers returns the number of each record, "" if a record has none. XLS and XLSX
// files are not read: they have no records.
func (f gaugeFile) numbers() ([]string, gaugeCode) {
	switch strings.ToLower(path.Ext(f.name)) {
	case ".csv":
		return gaugeCSVNumbers(f.content)
	case ".xml":
		return gaugeXMLNumbers(f.content)
	default:
		return nil, 0
	}
}

// gaugeCSVNumbers reads comma-separated records after a line of column names.
func gaugeCSVNumbers(content []byte) ([]string, gaugeCode) {
	lines := csv.NewReader(bytes.NewReader(content))
	lines.LazyQuotes = true
	lines.FieldsPerRecord = -1
	rows, err := lines.ReadAll()
	switch {
	case err != nil:
		return nil, gaugeUnknownType // never: these settings accept everything
	case len(rows) < 2:
		return nil, gaugeEmptyFile
	}
	column := slices.Index(rows[0], gaugeNumber)
	var numbers []string
	for _, row := range rows[1:] {
		number := ""
		if column >= 0 && column < len(row) {
			number = strings.TrimSpace(row[column])
		}
		numbers = append(numbers, number)
	}
	return numbers, 0
}

// gaugeXMLNumbers reads each element inside the root as a record.
func gaugeXMLNumbers(content []byte) ([]string, gaugeCode) {
	var root struct {
		Records []struct {
			Number string `xml:"number_customergauge"`
		} `xml:",any"`
	}
	if xml.Unmarshal(content, &root) != nil {
		return nil, gaugeBrokenXML
	}
	if len(root.Records) == 0 {
		return nil, gaugeEmptyFile
	}
	var numbers []string
	for _, record := range root.Records {
		numbers = append(numbers, strings.TrimSpace(record.Number))
	}
	return numbers, 0
}
