package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"mime/multipart"
	"net/http"
	"slices"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/policy"
)

// A file is uploaded to CustomerGauge, which sends an e-mail to the customer of each line.
type file struct {
	Name    string
	Content []byte
}

// fileStep uploads the files one after the other, as the vendor recommends. Every second
// upload uses the path whose response is XML.
func fileStep(c *client.Client, files []file) step {
	return step{name: stepFiles, workers: 1, records: func() []record {
		var records []record
		for i, one := range files {
			path := "/v4.1/file/transactional.json"
			if i%2 == 1 {
				path = "/v4.1/file/transactional.xml"
			}
			records = append(records, record{0, one.Name, one.Content, func(ctx context.Context) error {
				return upload(ctx, c, path, one)
			}})
		}
		return records
	}}
}

// upload posts a file. It uses Send, as Do decodes JSON only. The client understands
// failures in both formats, also in a response with status 200.
func upload(ctx context.Context, c *client.Client, path string, one file) error {
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	part, err := parts.CreateFormFile("file", one.Name)
	if err != nil {
		return err
	}
	if _, err := part.Write(one.Content); err != nil {
		return err
	}
	if err := parts.Close(); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, path, &form)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", parts.FormDataContentType())
	resp, err := c.Send(client.With(req, client.CallOptions{Op: "files.upload", Lookup: uploadLookup(one.Name)}))
	if err != nil {
		return unlessExecuted(err)
	}
	return resp.Body.Close()
}

// uploadLookup finds the upload of a file in the list of all. The policy accepts the failure "no
// data", which says that there are none.
func uploadLookup(name string) *policy.Lookup {
	return &policy.Lookup{
		Path: "/v4.1/file/transactional.json", In: "/Data", At: "/name", Is: name, Complete: true,
		Consistent: true, Settle: settle,
	}
}

// linesPerFile is the number of purchases in a file.
const linesPerFile = 15

// newFiles returns the files for the purchases, and three that CustomerGauge will refuse.
func newFiles(purchases []purchase) ([]file, error) {
	var files []file
	for chunk := range slices.Chunk(purchases, linesPerFile) {
		content, err := transactions(chunk)
		if err != nil {
			return nil, err
		}
		files = append(files, file{fmt.Sprintf("transactions-%02d.csv", len(files)+1), content})
	}
	refused := []file{{"refunds.csv", nil}, {"summary.pdf", []byte("%PDF-1.7")}}
	if len(files) > 0 {
		refused = append(refused, files[0]) // it was uploaded already
	}
	return append(files, refused...), nil
}

// transactions returns the content of a file.
func transactions(purchases []purchase) ([]byte, error) {
	var content bytes.Buffer
	w := csv.NewWriter(&content)
	table := [][]string{{"number_customergauge", "email", "product", "amount"}}
	for _, p := range purchases {
		table = append(table, []string{p.ID, p.Email, p.Cells["product"], p.Cells["unit_price"]})
	}
	err := w.WriteAll(table)
	return content.Bytes(), err
}
