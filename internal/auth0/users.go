package auth0

import (
	"context"
	"errors"
	"regexp"

	"github.com/auth0/go-auth0/v3/management"
	"github.com/auth0/go-auth0/v3/management/core"
)

// sdkUser is what the SDK's several user types have in common.
type sdkUser interface {
	GetUserID() string
	GetEmail() string
	GetEmailVerified() bool
	GetBlocked() bool
	GetIdentities() []*management.UserIdentitySchema
	GetAppMetadata() management.UserAppMetadataSchema
}

func toUser(from sdkUser) (User, error) {
	user := User{
		ID:            from.GetUserID(),
		Email:         from.GetEmail(),
		EmailVerified: from.GetEmailVerified(),
		Blocked:       from.GetBlocked(),
		AppMetadata:   stringsOf(from.GetAppMetadata()),
	}
	if user.ID == "" {
		return User{}, errNoID
	}
	for _, identity := range from.GetIdentities() {
		user.Connections = append(user.Connections, identity.GetConnection())
	}
	return user, nil
}

// User reads one user by id.
func (c *Client) User(ctx context.Context, id string) (user User, err error) {
	err = c.call(ctx, "GET /api/v2/users/{id}", func(ctx context.Context) error {
		answer, err := c.sdk.Users.Get(ctx, id, &management.GetUserRequestParameters{})
		if err != nil {
			return err
		}
		user, err = toUser(answer)
		user.CreatedAt, user.LastLogin = answer.GetCreatedAt(), answer.GetLastLogin()
		return err
	}, id)
	return user, err
}

// UsersByEmail lists the users whose e-mail is spelled exactly so.
func (c *Client) UsersByEmail(ctx context.Context, email string) (all []User, err error) {
	err = c.call(ctx, "GET /api/v2/users-by-email", func(ctx context.Context) error {
		rows, err := c.sdk.Users.ListUsersByEmail(ctx, &management.ListUsersByEmailRequestParameters{Email: email})
		if err != nil {
			return err
		}
		if rows == nil {
			return errNoList
		}
		all, err = convert(rows, func(row *management.UserResponseSchema) (User, error) { return toUser(row) })
		return err
	}, email)
	return all, err
}

// searchable is what may stand in a search query without being quoted.
var searchable = regexp.MustCompile(`^[A-Za-z0-9_]+$`)

// searchTime is a time as the search takes it.
const searchTime = "2006-01-02T15:04:05.000Z"

const oldestFirst, newestFirst = "created_at:1", "created_at:-1"

// searchUsers reads as many of those found as Auth0 gives; more says that it has others.
func (c *Client) searchUsers(ctx context.Context, query, order string) (rows []*management.UserResponseSchema, more bool, err error) {
	return offsetList((*management.UserResponseSchema).GetUserID, func(page offsetPage) (*core.Page[*int, *management.UserResponseSchema, *management.ListUsersOffsetPaginatedResponseContent], error) {
		return c.sdk.Users.List(ctx, &management.ListUsersRequestParameters{
			Page: &page.number, PerPage: &page.size, Sort: &order, Q: &query, SearchEngine: management.SearchEngineVersionsEnumV3.Ptr(),
		})
	})
}

// UsersWithAppMetadata searches for users that have the key in app_metadata.
func (c *Client) UsersWithAppMetadata(ctx context.Context, key string) (users []User, truncated bool, err error) {
	const route = "GET /api/v2/users"
	if !searchable.MatchString(key) {
		return nil, false, invalid(route, "an app_metadata key that cannot be searched for")
	}
	var found []User
	err = c.call(ctx, route, func(ctx context.Context) error {
		id := (*management.UserResponseSchema).GetUserID
		query := "_exists_:app_metadata." + key
		rows, gap, err := fromBothEnds(ends{oldestFirst, newestFirst}, id, func(order string) ([]*management.UserResponseSchema, bool, error) {
			return c.searchUsers(ctx, query, order)
		})
		if err == nil && gap > 0 {
			rows, gap, err = fillGap(rows, gap, id, func(last *management.UserResponseSchema) ([]*management.UserResponseSchema, bool, error) {
				if last.GetCreatedAt().IsZero() {
					return nil, true, nil
				}
				return c.searchUsers(ctx, query+" AND created_at:["+last.GetCreatedAt().UTC().Format(searchTime)+" TO *]", oldestFirst)
			})
		}
		if err != nil {
			return err
		}
		truncated = gap > 0
		found, err = convert(rows, func(row *management.UserResponseSchema) (User, error) { return toUser(row) })
		return err
	})
	if err != nil {
		return nil, false, err
	}
	for _, user := range found {
		if _, has := user.AppMetadata[key]; has {
			users = append(users, user)
		}
	}
	return users, truncated, nil
}

// UserOrganizations lists the ids of the organizations that a user is a member of.
func (c *Client) UserOrganizations(ctx context.Context, userID string) (ids []string, err error) {
	err = c.call(ctx, "GET /api/v2/users/{id}/organizations", func(ctx context.Context) error {
		rows, err := wholeList((*management.Organization).GetID, func(page offsetPage) (*core.Page[*int, *management.Organization, *management.ListUserOrganizationsOffsetPaginatedResponseContent], error) {
			return c.sdk.Users.Organizations.List(ctx, userID, &management.ListUserOrganizationsRequestParameters{Page: &page.number, PerPage: &page.size})
		})
		if err != nil {
			return err
		}
		ids, err = convert(rows, func(row *management.Organization) (string, error) {
			if row.GetID() == "" {
				return "", errNoID
			}
			return row.GetID(), nil
		})
		return err
	}, userID)
	return ids, err
}

// SetAppMetadata writes one first-level key of a user's app_metadata.
func (c *Client) SetAppMetadata(ctx context.Context, userID, key, value string) error {
	if value == "" {
		return invalid(appMetadataRoute, "an empty app_metadata value")
	}
	return c.patchAppMetadata(ctx, userID, key, value)
}

// ClearAppMetadata deletes one first-level key of a user's app_metadata.
func (c *Client) ClearAppMetadata(ctx context.Context, userID, key string) error {
	err := c.patchAppMetadata(ctx, userID, key, nil)
	if IsNotFound(err) {
		return nil
	}
	return err
}

const appMetadataRoute = "PATCH /api/v2/users/{id}"

// patchAppMetadata is the only PATCH of a user. It always names one key: Auth0
// merges app_metadata at the first level, deletes a key that is null, and erases
// everything on an empty map.
func (c *Client) patchAppMetadata(ctx context.Context, userID, key string, value any) error {
	return c.call(ctx, appMetadataRoute, func(ctx context.Context) error {
		_, err := c.sdk.Users.Update(ctx, userID, &management.UpdateUserRequestContent{
			AppMetadata: &management.AppMetadata{key: value},
		})
		return err
	}, userID, key)
}

// DeleteUser deletes a user for good.
func (c *Client) DeleteUser(ctx context.Context, userID string) error {
	err := c.call(ctx, "DELETE /api/v2/users/{id}", func(ctx context.Context) error {
		return c.sdk.Users.Delete(ctx, userID)
	}, userID)
	if IsNotFound(err) {
		return nil
	}
	return err
}

// RevokeAccess ends a user's sessions and refresh tokens: in one call where the
// plan has it (Enterprise), else by deleting the device credentials, which are
// the refresh tokens.
func (c *Client) RevokeAccess(ctx context.Context, userID string) (revoked bool, err error) {
	err = c.call(ctx, "POST /api/v2/users/{id}/revoke-access", func(ctx context.Context) error {
		return c.sdk.Users.RevokeAccess(ctx, userID, &management.RevokeUserAccessRequestContent{})
	}, userID)
	if isForbidden(err) {
		err = c.deleteRefreshTokens(ctx, userID)
	}
	switch {
	case err == nil || IsNotFound(err):
		return true, nil
	case isForbidden(err):
		return false, nil
	}
	return false, err
}

func isForbidden(err error) bool { return err != nil && KindOf(err) == KindForbidden }

func (c *Client) deleteRefreshTokens(ctx context.Context, userID string) error {
	for _, kind := range []management.DeviceCredentialTypeEnum{
		management.DeviceCredentialTypeEnumRefreshToken, management.DeviceCredentialTypeEnumRotatingRefreshToken,
	} {
		ids, err := c.deviceCredentials(ctx, userID, kind)
		if err != nil {
			return err
		}
		for _, id := range ids {
			err := c.call(ctx, "DELETE /api/v2/device-credentials/{id}", func(ctx context.Context) error {
				return c.sdk.DeviceCredentials.Delete(ctx, id)
			}, id)
			if err != nil && !IsNotFound(err) {
				return err
			}
		}
	}
	return nil
}

// deviceCredentials lists the ids of a user's credentials of one type. Auth0
// keeps at most 200 refresh tokens a user and application; more than 1,000 in
// all is an error.
func (c *Client) deviceCredentials(ctx context.Context, userID string, kind management.DeviceCredentialTypeEnum) (ids []string, err error) {
	err = c.call(ctx, "GET /api/v2/device-credentials", func(ctx context.Context) error {
		rows, err := wholeList((*management.DeviceCredential).GetID, func(page offsetPage) (*core.Page[*int, *management.DeviceCredential, *management.ListDeviceCredentialsOffsetPaginatedResponseContent], error) {
			return c.sdk.DeviceCredentials.List(ctx, &management.ListDeviceCredentialsRequestParameters{
				Page: &page.number, PerPage: &page.size, UserID: &userID, Type: &kind,
			})
		})
		if err != nil {
			return err
		}
		ids, err = convert(rows, func(row *management.DeviceCredential) (string, error) {
			if row.GetID() == "" {
				return "", errors.New("a device credential without an id")
			}
			return row.GetID(), nil
		})
		return err
	}, userID)
	return ids, err
}
