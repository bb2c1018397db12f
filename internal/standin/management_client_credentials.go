package standin

import (
	"cmp"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Types of a client's credentials.
const (
	typePublicKey   = "public_key"
	typeCertificate = "x509_cert"
	typeSubject     = "cert_subject_dn"

	methodPrivateKeyJWT = "private_key_jwt"
)

// credentialsBody names credentials: new ones in full, standing ones by id.
type credentialsBody struct {
	Credentials []clientCredential `json:"credentials"`
}

type authMethodsBody map[string]credentialsBody

type signedRequestBody struct {
	Required    bool               `json:"required"`
	Credentials []clientCredential `json:"credentials"`
}

func clientCredentialRoutes(rt *router) {
	const collection, one = "/clients/{id}/credentials", "/clients/{id}/credentials/{credential_id}"
	rt.add("GET", collection, 200, "", listClientCredentials, "read:client_credentials")
	rt.add("POST", collection, 201, "", createClientCredential, "create:client_credentials")
	rt.add("GET", one, 200, "", getClientCredential, "read:client_credentials")
	rt.add("PATCH", one, 200, "", updateClientCredential, "update:client_credentials")
	rt.add("DELETE", one, 204, "", deleteClientCredential, "delete:client_credentials")
}

// credentialItem shows a credential; the answers of GET name an absent expiry too.
func credentialItem(k *clientCredential, withNullExpiry bool) map[string]any {
	item := map[string]any{
		"id": k.ID, "name": k.Name, "credential_type": k.Type,
		"created_at": timestamp(k.createdAt), "updated_at": timestamp(k.updatedAt),
	}
	put(item, "kid", k.kid)
	put(item, "alg", k.Algorithm)
	put(item, "subject_dn", k.SubjectDN)
	put(item, "thumbprint_sha256", k.thumbprint)
	if k.ExpiresAt != nil {
		item["expires_at"] = timestamp(*k.ExpiresAt)
	} else if withNullExpiry {
		item["expires_at"] = nil
	}
	return item
}

// addCredentialItems adds to a client's item which credentials it uses: by id,
// or in full in the answer that made them, where times have no trailing zeros.
func addCredentialItems(client *Client, item map[string]any, inFull bool) {
	shown := func(ids []string) []any {
		out := []any{}
		for _, id := range ids {
			credential := map[string]any{"id": id}
			if k := client.credential(id); k != nil && inFull {
				credential = credentialItem(k, false)
				for name, at := range map[string]*time.Time{"created_at": &k.createdAt, "updated_at": &k.updatedAt, "expires_at": k.ExpiresAt} {
					if at != nil {
						credential[name] = at.UTC().Format("2006-01-02T15:04:05.999Z")
					}
				}
			}
			out = append(out, credential)
		}
		return out
	}
	if len(client.authMethods) > 0 {
		methods := map[string]any{}
		for method, ids := range client.authMethods {
			methods[method] = map[string]any{"credentials": shown(ids)}
		}
		item["client_authentication_methods"] = methods
	}
	if client.signedRequests != nil {
		item["signed_request_object"] = map[string]any{
			"required": client.signedRequests.required, "credentials": shown(client.signedRequests.ids),
		}
	}
}

// changeCredentials applies the two properties of a client that name credentials.
func (c *call) changeCredentials(client *Client, body clientBody) error {
	if body.AuthenticationMethods != nil {
		methods := map[string][]string{}
		for _, method := range slices.Sorted(maps.Keys(body.AuthenticationMethods)) {
			ids, err := c.useCredentials(client, body.AuthenticationMethods[method].Credentials)
			if err != nil {
				return err
			}
			methods[method] = ids
		}
		client.authMethods = methods
		client.PublicKeys = nil
		for _, id := range methods[methodPrivateKeyJWT] {
			client.PublicKeys = append(client.PublicKeys, client.credential(id).PEM)
		}
	}
	if given := body.SignedRequestObject; given != nil {
		ids, err := c.useCredentials(client, given.Credentials)
		if err != nil {
			return err
		}
		client.signedRequests = &signedRequests{required: given.Required, ids: ids}
	}
	return nil
}

// useCredentials returns the ids of the named credentials; new ones are added.
func (c *call) useCredentials(client *Client, given []clientCredential) ([]string, error) {
	ids := []string{}
	for i := range given {
		k := &given[i]
		if k.ID == "" {
			if err := c.addCredential(client, k); err != nil {
				return nil, err
			}
		} else if client.credential(k.ID) == nil {
			return nil, invalidBody("The credential %s does not exist", k.ID)
		}
		ids = append(ids, k.ID)
	}
	return ids, nil
}

// addCredential reads the PEM and derives what Auth0 derives from it.
func (c *call) addCredential(client *Client, k *clientCredential) error {
	block, _ := pem.Decode([]byte(k.PEM))
	if block == nil {
		return invalidBody("Invalid PEM")
	}
	switch k.Type {
	case typePublicKey:
		key, err := publicKey(k.PEM)
		if err != nil {
			return invalidBody("Invalid PEM")
		}
		thumbprint, err := (&jose.JSONWebKey{Key: key}).Thumbprint(crypto.SHA256)
		if err != nil {
			return invalidBody("Invalid PEM")
		}
		k.kid, k.Algorithm = base64.RawURLEncoding.EncodeToString(thumbprint), cmp.Or(k.Algorithm, "RS256")
	case typeCertificate, typeSubject:
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return invalidBody("Invalid PEM")
		}
		if k.Type == typeSubject {
			k.SubjectDN = subjectDN(certificate)
			break
		}
		sum := sha256.Sum256(certificate.Raw)
		k.thumbprint = base64.RawURLEncoding.EncodeToString(sum[:])
		k.ExpiresAt = &certificate.NotAfter
	default:
		return invalidProperty("credential_type", "", "No enum match for: %s", k.Type)
	}
	k.ID, k.createdAt, k.updatedAt = "cred_"+randomString(22), c.now, c.now
	client.credentials = append(client.credentials, k)
	return nil
}

// subjectDN writes a certificate's subject as Auth0 does: outermost first, a line each.
func subjectDN(certificate *x509.Certificate) string {
	var parts []string
	names := map[string]string{"2.5.4.6": "C", "2.5.4.8": "ST", "2.5.4.7": "L", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.3": "CN"}
	for _, name := range certificate.Subject.Names {
		label := cmp.Or(names[name.Type.String()], name.Type.String())
		if text, ok := name.Value.(string); ok {
			parts = append(parts, label+"="+text)
		}
	}
	return strings.Join(parts, "\n")
}

// listClientCredentials is always a bare array.
func listClientCredentials(c *call) (any, error) {
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	items := []any{}
	for _, k := range client.credentials {
		items = append(items, credentialItem(k, true))
	}
	return items, nil
}

var createCredentialSchema = schema{kind: typeObject, properties: map[string]schema{
	"credential_type":        {kind: typeString, required: true, enum: []string{typePublicKey, typeCertificate, typeSubject}},
	"name":                   {kind: typeString, max: 128},
	"pem":                    {kind: typeString, min: 1, max: 4096},
	"alg":                    {kind: typeString, enum: []string{"RS256", "RS384", "PS256"}},
	"subject_dn":             {kind: typeString, min: 1, max: 247},
	"kid":                    {kind: typeString, min: 10, max: 64},
	"parse_expiry_from_cert": {kind: typeBoolean},
	"expires_at":             {kind: typeString},
}}

func createClientCredential(c *call) (any, error) {
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	var k clientCredential
	if err := c.decodeCredential(createCredentialSchema, &k); err != nil {
		return nil, err
	}
	if err := c.addCredential(client, &k); err != nil {
		return nil, err
	}
	return credentialItem(&k, false), nil
}

// decodeCredential also refuses an expires_at that is no time.
func (c *call) decodeCredential(s schema, into any) error {
	if err := c.decode(s, into); err != nil {
		if asAPIError(err) {
			return err
		}
		return invalidProperty("expires_at", "", "Object didn't pass validation for format date-time")
	}
	return nil
}

func (c *call) clientCredential() (*clientCredential, error) {
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	k := client.credential(c.param("credential_id"))
	if k == nil {
		return nil, notFound("inexistent_credential", "The credential does not exist")
	}
	return k, nil
}

func getClientCredential(c *call) (any, error) {
	k, err := c.clientCredential()
	if err != nil {
		return nil, err
	}
	return credentialItem(k, true), nil
}

var updateCredentialSchema = schema{kind: typeObject, properties: map[string]schema{
	"expires_at": {kind: typeString, nullable: true},
}}

func updateClientCredential(c *call) (any, error) {
	k, err := c.clientCredential()
	if err != nil {
		return nil, err
	}
	var body struct {
		ExpiresAt *time.Time `json:"expires_at"`
	}
	if err := c.decodeCredential(updateCredentialSchema, &body); err != nil {
		return nil, err
	}
	k.ExpiresAt, k.updatedAt = body.ExpiresAt, c.now
	return credentialItem(k, false), nil
}

// deleteClientCredential answers 204 also for one that does not exist.
func deleteClientCredential(c *call) (any, error) {
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	client.credentials = slices.DeleteFunc(client.credentials, func(k *clientCredential) bool {
		return k.ID == c.param("credential_id")
	})
	return nil, nil
}
