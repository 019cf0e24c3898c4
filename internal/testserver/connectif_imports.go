package testserver

import (
	"bytes"
	"encoding/csv"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"time"
)

// connectifImportPlaces is how many imports may be queued or in progress at one time.
const connectifImportPlaces = 10

// SetImportTime sets how long it takes to process an import. It applies to imports that are
// created later.
func (cf *Connectif) SetImportTime(d time.Duration) { cf.imports.setTime(d) }

// FailNextImport makes the next import end with the status error. n calls make the next n
// imports fail.
func (cf *Connectif) FailNextImport() { cf.imports.failNext() }

// postImport serves POST /imports/. The fake reads only the file, a CSV of contacts with a
// column called email, and creates its contacts without their fields at once.
func (cf *Connectif) postImport(c call) reply {
	if kind, _, _ := mime.ParseMediaType(c.request.Header.Get("Content-Type")); kind != "multipart/form-data" {
		return connectifRefuse(http.StatusUnsupportedMediaType, "Request without multipart/form-data Content-Type header.")
	}
	rows, ok := connectifRows(c)
	if !ok {
		return connectifInvalid([]connectifProblem{{"file", "should be a CSV file with a column email"}})
	}
	emails := slices.DeleteFunc(slices.Clone(rows), func(email string) bool { return !isEmail(email) })
	created, ok := cf.imports.create(&connectifJob{
		fields: map[string]any{"type": "contacts"},
		result: map[string]any{"success": len(emails), "errors": len(rows) - len(emails)},
		total:  len(rows),
	}, c.body)
	if !ok {
		return connectifRefuseCode("E0401",
			"You have reached the limit of 10 queued imports. Please try again when any queued import has been completed.")
	}
	cf.AddContacts(emails...)
	return reply{status: http.StatusCreated, body: created}
}

// connectifRows returns the column email of the posted file.
func connectifRows(c call) (emails []string, ok bool) {
	_, params, err := mime.ParseMediaType(c.request.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return nil, false
	}
	form, err := multipart.NewReader(bytes.NewReader(c.body), params["boundary"]).ReadForm(int64(len(c.body)))
	if err != nil || len(form.File["file"]) == 0 {
		return nil, false
	}
	file, err := form.File["file"][0].Open()
	if err != nil {
		return nil, false // never: the file is in memory
	}
	table, err := csv.NewReader(file).ReadAll()
	if err != nil || len(table) == 0 || !slices.Contains(table[0], "email") {
		return nil, false
	}
	column := slices.Index(table[0], "email")
	for _, row := range table[1:] {
		emails = append(emails, strings.TrimSpace(row[column]))
	}
	return emails, true
}

// getImport serves GET /imports/{id}.
func (cf *Connectif) getImport(c call) reply {
	view, _, ok := cf.imports.get(c.request.PathValue("id"))
	if !ok {
		return connectifNotFound()
	}
	return reply{status: http.StatusOK, body: view}
}
