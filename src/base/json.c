/* json.c - see json.h. */
#include "base/json.h"

#include "base/library.h"

static struct {
	json_t *(*object)(void);
	json_t *(*array)(void);
	json_t *(*string)(const char *);
	json_t *(*stringn)(const char *, size_t);
	json_t *(*integer)(json_int_t);
	json_t *(*yes)(void);
	json_t *(*no)(void);
	json_t *(*null)(void);
	void (*delete)(json_t *);
	json_t *(*get)(const json_t *, const char *);
	int (*set_new)(json_t *, const char *, json_t *);
	int (*append_new)(json_t *, json_t *);
	const char *(*string_value)(const json_t *);
	json_int_t (*integer_value)(const json_t *);
	json_t *(*loadb)(const char *, size_t, size_t, json_error_t *);
	char *(*dumps)(const json_t *, size_t);
} jansson;

static const struct library_symbol symbols[] = {
	{ "json_object", &jansson.object },
	{ "json_array", &jansson.array },
	{ "json_string", &jansson.string },
	{ "json_stringn", &jansson.stringn },
	{ "json_integer", &jansson.integer },
	{ "json_true", &jansson.yes },
	{ "json_false", &jansson.no },
	{ "json_null", &jansson.null },
	{ "json_delete", &jansson.delete },
	{ "json_object_get", &jansson.get },
	{ "json_object_set_new", &jansson.set_new },
	{ "json_array_append_new", &jansson.append_new },
	{ "json_string_value", &jansson.string_value },
	{ "json_integer_value", &jansson.integer_value },
	{ "json_loadb", &jansson.loadb },
	{ "json_dumps", &jansson.dumps },
	{ NULL, NULL },
};

static struct library library = { .file = "libjansson.so.4",
				  .package = "libjansson4",
				  .symbols = symbols };

int json_prepare(struct error *f)
{
	return library_load(&library, f);
}

static bool is_loaded(void)
{
	struct error unimportant = ERROR_INIT;

	return library.handle || json_prepare(&unimportant) == 0;
}

/* ---- making ---- */

json_t *json_object(void)
{
	return is_loaded() ? jansson.object() : NULL;
}

json_t *json_array(void)
{
	return is_loaded() ? jansson.array() : NULL;
}

json_t *json_string(const char *value)
{
	return is_loaded() ? jansson.string(value) : NULL;
}

json_t *json_stringn(const char *value, size_t len)
{
	return is_loaded() ? jansson.stringn(value, len) : NULL;
}

json_t *json_integer(json_int_t value)
{
	return is_loaded() ? jansson.integer(value) : NULL;
}

json_t *json_true(void)
{
	return is_loaded() ? jansson.yes() : NULL;
}

json_t *json_false(void)
{
	return is_loaded() ? jansson.no() : NULL;
}

json_t *json_null(void)
{
	return is_loaded() ? jansson.null() : NULL;
}

int json_object_set_new(json_t *object, const char *key, json_t *value)
{
	return is_loaded() ? jansson.set_new(object, key, value) : -1;
}

int json_array_append_new(json_t *array, json_t *value)
{
	return is_loaded() ? jansson.append_new(array, value) : -1;
}

char *json_dumps(const json_t *json, size_t flags)
{
	return is_loaded() ? jansson.dumps(json, flags) : NULL;
}

/* ---- reading ---- */

json_t *json_loadb(const char *buffer, size_t buflen, size_t flags,
		   json_error_t *error)
{
	return is_loaded() ? jansson.loadb(buffer, buflen, flags, error) : NULL;
}

json_t *json_object_get(const json_t *object, const char *key)
{
	return is_loaded() ? jansson.get(object, key) : NULL;
}

const char *json_string_value(const json_t *string)
{
	return is_loaded() ? jansson.string_value(string) : NULL;
}

json_int_t json_integer_value(const json_t *integer)
{
	return is_loaded() ? jansson.integer_value(integer) : 0;
}

/* Only of what there is. */
void json_delete(json_t *json)
{
	jansson.delete(json);
}
