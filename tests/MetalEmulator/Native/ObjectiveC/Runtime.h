// A small Objective-C runtime: classes, selectors, counted objects, autorelease pools. No misuse ends the process: it is a finding, and nil.
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace emu {
using Selector = const char *;
using Method = void (*)();

struct Class
{
    const char * name;
    Class * meta;
    std::map<Selector, Method> methods;
};

// An object's memory is kept when it dies, so that a message to it can be told from one to a living object.
struct Object
{
    Class * isa = nullptr;
    long references = 1;
    bool immortal = false, dead = false;
    virtual ~Object() = default;
    virtual void dispose() {} // gives back what it holds
};
using Id = Object *;

std::recursive_mutex & runtimeLock();
Selector selector(const char * name);
Class * defineClass(const char * name);
Class * classNamed(const char * name); // null: there is none

Id born(Object * object, Class * isa);   // the caller owns it
Id autoreleased(Object * object);        // the innermost pool of this thread owns it
void retain(Id object);
void release(Id object);

template <class F> void define(Class * c, const char * name, F * method) { c->methods[selector(name)] = (Method)method; }
std::string livingObjects(); // by class, as "2 MTLBuffer, 1 NSString"
// The object behind an argument, if it is alive and of the class; else a finding, and null. Nil is null without one.
Object * argument(Id object, Class * isa, const char * message);
}
