#include "Runtime.h"
#include "../Export.h"
#include "../Findings.h"
#include <set>
#include <unordered_set>
#include <vector>


namespace emu {
struct ClassObject : Object
{
    Class * described = nullptr;
};

static std::unordered_set<Object *> & everything()
{
    static auto * all = new std::unordered_set<Object *>;
    return *all;
}
static std::map<std::string, ClassObject *> & namedClasses()
{
    static auto * all = new std::map<std::string, ClassObject *>;
    return *all;
}
static long alive, unpooled;
static thread_local std::vector<std::vector<Id>> pools;

std::recursive_mutex & runtimeLock()
{
    static auto * guard = new std::recursive_mutex;
    return *guard;
}

Selector selector(const char * name)
{
    static auto * all = new std::set<std::string>;
    std::lock_guard lock(runtimeLock());
    return all->insert(name).first->c_str();
}

Class * defineClass(const char * name)
{
    Class * c = new Class{name, new Class{name, nullptr, {}}, {}};
    ClassObject * object = new ClassObject;
    object->described = c;
    object->isa = c->meta;
    object->immortal = true;
    everything().insert(object);
    namedClasses()[name] = object;
    return c;
}

Class * classNamed(const char * name)
{
    auto found = namedClasses().find(name);
    return found == namedClasses().end() ? nullptr : found->second->described;
}

Id born(Object * object, Class * isa)
{
    object->isa = isa;
    everything().insert(object);
    alive += !object->immortal;
    return object;
}

Id autoreleased(Object * object)
{
    if (pools.empty()) {
        ++unpooled;
        report(std::string("an object of class ") + object->isa->name + " is autoreleased with no pool in place: it leaks");
    } else
        pools.back().push_back(object);
    return object;
}

void retain(Id object)
{
    std::lock_guard lock(runtimeLock());
    if (object && !object->immortal && !object->dead)
        ++object->references;
}

void release(Id object)
{
    std::lock_guard lock(runtimeLock());
    if (!object || object->immortal)
        return;
    if (object->dead)
        return report(std::string("'release' is sent to a deallocated ") + object->isa->name);
    if (--object->references > 0)
        return;
    object->dead = true;
    --alive;
    object->dispose();
}

Object * argument(Id object, Class * isa, const char * message)
{
    if (!object)
        return nullptr;
    const bool known = everything().count(object) != 0;
    if (known && !object->dead && object->isa == isa)
        return object;
    report(std::string(message) + ": the argument is " + (!known ? "no object" : object->dead ? std::string("a deallocated ") + object->isa->name
           : std::string("a ") + object->isa->name + ", not a " + isa->name));
    return nullptr;
}

// Called by the trampoline. Null: the message returns nil.
extern "C" __attribute__((visibility("hidden"))) Method emu_method(Id receiver, Selector message)
{
    std::lock_guard lock(runtimeLock());
    const bool known = everything().count(receiver) != 0;
    if (!known || receiver->dead) {
        report(std::string("'") + message + "' is sent to " + (known ? std::string("a deallocated ") + receiver->isa->name : "something that is no object"));
        return nullptr;
    }
    auto found = receiver->isa->methods.find(message);
    if (found != receiver->isa->methods.end())
        return found->second;
    report(std::string(dynamic_cast<ClassObject *>(receiver) ? "+[" : "-[") + receiver->isa->name + " " + message + "]: unrecognized selector");
    return nullptr;
}

EMU_EXPORT Selector sel_registerName(const char * name) { return selector(name); }
EMU_EXPORT Selector sel_getUid(const char * name) { return selector(name); }
EMU_EXPORT const char * sel_getName(Selector s) { return s; }
EMU_EXPORT Id objc_getClass(const char * name)
{
    std::lock_guard lock(runtimeLock());
    auto found = namedClasses().find(name);
    return found == namedClasses().end() ? nullptr : found->second;
}
EMU_EXPORT Id objc_retain(Id o) { return retain(o), o; }
EMU_EXPORT void objc_release(Id o) { release(o); }
EMU_EXPORT Id objc_autorelease(Id o)
{
    std::lock_guard lock(runtimeLock());
    return o && !o->immortal ? autoreleased(o) : o;
}
EMU_EXPORT void * objc_autoreleasePoolPush()
{
    pools.emplace_back();
    return (void *)pools.size();
}
EMU_EXPORT void objc_autoreleasePoolPop(void * pool)
{
    if (pools.size() < (size_t)pool || !pool)
        return report("objc_autoreleasePoolPop: the pool is not in place on this thread");
    while (pools.size() >= (size_t)pool) {
        const std::vector<Id> last = std::move(pools.back());
        pools.pop_back();
        for (Id o : last)
            release(o);
    }
}

// For tests.
EMU_EXPORT long metal_emu_live_objects()
{
    std::lock_guard lock(runtimeLock());
    return alive;
}
EMU_EXPORT long metal_emu_unpooled()
{
    std::lock_guard lock(runtimeLock());
    return unpooled;
}

std::string livingObjects()
{
    std::lock_guard lock(runtimeLock());
    std::map<std::string, int> counts;
    for (Object * o : everything())
        if (!o->dead && !o->immortal)
            counts[o->isa->name]++;
    std::string out;
    for (auto & [name, n] : counts)
        out += (out.empty() ? "" : ", ") + std::to_string(n) + " " + name;
    return out;
}
}
