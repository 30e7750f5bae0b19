#include "Foundation.h"

namespace emu {
static Class *stringClass, *errorClass, *arrayClass;
using Lock = std::lock_guard<std::recursive_mutex>;

void Array::dispose()
{
    for (Id i : items)
        release(i);
}

Id newString(const std::string & text)
{
    Lock lock(runtimeLock());
    String * s = new String;
    s->text = text;
    return born(s, stringClass);
}

Id newError(const std::string & text, const char * domain, long code)
{
    Lock lock(runtimeLock());
    Error * e = new Error;
    e->text = text;
    e->domain = domain;
    e->code = code;
    return autoreleased(born(e, errorClass));
}

Id newArray(const std::vector<Id> & items)
{
    Lock lock(runtimeLock());
    Array * a = new Array;
    a->items = items;
    for (Id i : items)
        retain(i);
    return born(a, arrayClass);
}

std::string textOf(Id string, const char * message)
{
    Object * s = argument(string, stringClass, message);
    return s ? ((String *)s)->text : "";
}

static Id autoreleasedString(const std::string & text)
{
    Lock lock(runtimeLock());
    return autoreleased(newString(text));
}

static Id retainMethod(Id o, Selector) { return retain(o), o; }
static void releaseMethod(Id o, Selector) { release(o); }
static Id autoreleaseMethod(Id o, Selector)
{
    Lock lock(runtimeLock());
    return autoreleased(o);
}
static void setLabel(Id, Selector, Id) {}
static Id stringWithUtf8(Id, Selector, const char * s) { return autoreleasedString(s); }
static Id allocString(Id, Selector) { return newString(""); }
static Id initWithUtf8(Id o, Selector, const char * s) { return ((String *)o)->text = s, o; }
static const char * utf8(Id o, Selector) { return ((String *)o)->text.c_str(); }
static uint64_t stringLength(Id o, Selector) { return ((String *)o)->text.size(); }
static Id errorText(Id o, Selector) { return autoreleasedString(((Error *)o)->text); }
static Id errorDomain(Id o, Selector) { return autoreleasedString(((Error *)o)->domain); }
static long errorCode(Id o, Selector) { return ((Error *)o)->code; }
static uint64_t arrayCount(Id o, Selector) { return ((Array *)o)->items.size(); }
static Id objectAt(Id o, Selector, uint64_t i) { return i < ((Array *)o)->items.size() ? ((Array *)o)->items[i] : nullptr; }

void defineCounting(Class * c)
{
    define(c, "retain", retainMethod);
    define(c, "release", releaseMethod);
    define(c, "autorelease", autoreleaseMethod);
    define(c, "setLabel:", setLabel);
}

void defineFoundation()
{
    stringClass = defineClass("NSString");
    errorClass = defineClass("NSError");
    arrayClass = defineClass("NSArray");
    for (Class * c : {stringClass, errorClass, arrayClass})
        defineCounting(c);
    define(stringClass->meta, "stringWithUTF8String:", stringWithUtf8);
    define(stringClass->meta, "alloc", allocString);
    define(stringClass, "initWithUTF8String:", initWithUtf8);
    define(stringClass, "UTF8String", utf8);
    define(stringClass, "length", stringLength);
    define(errorClass, "localizedDescription", errorText);
    define(errorClass, "domain", errorDomain);
    define(errorClass, "code", errorCode);
    define(arrayClass, "count", arrayCount);
    define(arrayClass, "objectAtIndex:", objectAt);
}
}
