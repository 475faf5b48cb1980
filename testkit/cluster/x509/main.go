// Command x509 says how crypto/x509, as crypto/tls uses it for a server, judges chains: what the runtimes, written in
// Go, would write. Each file FOLDER/NAME.json holds {"host", "chain", "roots"} with certificates as base64 DER, leaf
// first; the answer is one JSON object of NAME to {"verdict", "words"}.
package main

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

type chain struct {
	Host  string   `json:"host"`
	Chain [][]byte `json:"chain"`
	Roots [][]byte `json:"roots"`
}

type answer struct {
	Verdict string `json:"verdict"`
	Words   string `json:"words"`
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: x509 FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "x509:", err)
		os.Exit(1)
	}
}

func run(folder string) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return err
	}
	answers := map[string]answer{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var given chain
		if err := json.Unmarshal(text, &given); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		answers[name] = judge(given)
	}
	return json.NewEncoder(os.Stdout).Encode(answers)
}

// judge does what crypto/tls does in verifyServerCertificate.
func judge(given chain) answer {
	var certificates []*x509.Certificate
	for _, der := range given.Chain {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return answer{"unreadable", err.Error()}
		}
		certificates = append(certificates, certificate)
	}
	if len(certificates) == 0 {
		return answer{"unreadable", "no certificates"}
	}
	options := x509.VerifyOptions{
		Roots:         x509.NewCertPool(),
		Intermediates: x509.NewCertPool(),
		DNSName:       given.Host,
		CurrentTime:   time.Now(),
	}
	for _, der := range given.Roots {
		// A pool takes what it can read, as it does from a PEM bundle.
		if root, err := x509.ParseCertificate(der); err == nil {
			options.Roots.AddCert(root)
		}
	}
	for _, intermediate := range certificates[1:] {
		options.Intermediates.AddCert(intermediate)
	}
	_, err := certificates[0].Verify(options)
	if err == nil {
		return answer{"ok", ""}
	}
	return answer{verdict(err), err.Error()}
}

func verdict(err error) string {
	var name x509.HostnameError
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &name):
		if strings.Contains(err.Error(), "legacy Common Name") {
			return "certificate-refused"
		}
		return "hostname-mismatch"
	case errors.As(err, &authority):
		return "unknown-authority"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		if time.Now().Before(invalid.Cert.NotBefore) {
			return "certificate-not-yet-valid"
		}
		return "certificate-expired"
	default:
		return "certificate-refused"
	}
}
